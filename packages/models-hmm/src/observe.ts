import type { Observation } from '@auspex/contracts';
import { zone } from '@auspex/numerics';
import { expected, learnExpectation } from './expectation.ts';
import { advance, filterStep } from './filter.ts';
import type { HmmState } from './state.ts';

/** Steps of a gap that the ring keeps: by then the chain has forgotten where it was, and more would push out knowledge. */
const GAP = 12;

const WEEK = 7 * 86_400_000;
const value = new Float64Array(1);
const scratch = new Float64Array(8);

/** One event a step, as a rate a second: what is added before logarithms, so that zero has one. */
export function oneOf(stepMs: number): number {
  return 1000 / stepMs;
}

/** Moves the state on by one step. Only what was truly observed is learnt from. */
export function observeStep(state: HmmState, { step, value: rate, truth }: Observation, memoryMs: number): void {
  state.lastStep = step;
  if (truth !== 'observed' || !(rate >= 0) || rate === Number.POSITIVE_INFINITY) {
    passStep(state);
    return;
  }
  const log = Math.log(rate + oneOf(state.stepMs));
  const offset = zone(state.zone).weekOffset(step);
  // The residual is from what was expected before this step was learnt: a forecast's own error.
  const residual = state.expectations.seen > 0 ? log - expected(state.expectations, offset) : 0;
  learnExpectation(state.expectations, offset, log, state.stepMs, memoryMs);
  state.residuals.push(residual);
  state.most = Math.max(log, state.most - (Math.LN2 * state.stepMs) / WEEK);
  state.last = residual;
  state.sinceSeen = 0;
  state.observed++;
  if (!state.regimes) return;
  value[0] = residual;
  filterStep(state.regimes.parameters, state.belief, value, 0, scratch);
}

function passStep(state: HmmState): void {
  if (state.observed === 0) return;
  state.sinceSeen++;
  if (state.sinceSeen <= GAP) state.residuals.push(Number.NaN);
  if (!state.regimes) return;
  const { parameters } = state.regimes;
  advance(parameters, state.belief, scratch);
  for (let k = 0; k < parameters.states; k++) state.belief[k] = scratch[k] as number;
}
