import type { Observation } from '@auspex/contracts';
import { zone } from '@auspex/numerics';
import { expected, learnExpectation } from './expectation.ts';
import type { HmmRegimeState } from './state.ts';

/** Steps of a gap that the ring keeps: by then the chain has forgotten where it was, and more would push out knowledge. */
const GAP = 12;

const WEEK = 7 * 86_400_000;
const value = new Float64Array(1);

/** One event a step, as a rate a second: what is added before logarithms, so that zero has one. */
export function oneOf(stepMs: number): number {
  return 1000 / stepMs;
}

/** Whether an observation says what the rate was. */
export function isKnown({ value: rate, truth }: Observation): boolean {
  return truth === 'observed' && rate >= 0 && rate !== Number.POSITIVE_INFINITY;
}

/** Moves the state on by one step. Only what was truly observed is learnt from. */
export function observeStep(state: HmmRegimeState, observation: Observation, memoryMs: number): void {
  const { step, value: rate } = observation;
  state.lastStep = step;
  if (!isKnown(observation)) {
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
  state.regimes.filter.observe(value);
}

function passStep(state: HmmRegimeState): void {
  if (state.observed === 0) return;
  state.sinceSeen++;
  if (state.sinceSeen <= GAP) state.residuals.push(Number.NaN);
  state.regimes?.filter.advance();
}
