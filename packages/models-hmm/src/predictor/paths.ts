import { type ForecastRequest, NOT_READY, type NotReady, type Random } from '@auspex/contracts';
import { zone } from '@auspex/numerics';
import { drawIndex, drawNormal } from '../draw.ts';
import { expected } from './expectation.ts';
import { mostOf } from './forecast.ts';
import { oneOf } from './observe.ts';
import type { HmmRegimeState } from './state.ts';

/**
 * Futures that the predictor holds possible: each goes through the regimes by their transitions, and its residual from the mean of the regime that it is in
 * lasts by rho (first-order autoregression). Unlike quantiles they keep what belongs together from step to step: whether a surge lasts.
 *
 * @param paths how many
 * @param random decides everything: the same stream gives the same paths
 * @returns rates a second, row-major [paths x horizon]; `NOT_READY` before the first fit
 */
export function regimePaths(
  state: HmmRegimeState,
  { origin, horizon }: Pick<ForecastRequest, 'origin' | 'horizon'>,
  paths: number,
  random: Random,
): Float64Array | NotReady {
  if (!state.regimes) return NOT_READY;
  const { model, rho, filter } = state.regimes;
  const { states, transition, emission } = model;
  const deviations = emission.variances.map(Math.sqrt);
  const columns = horizon.length;
  const clock = zone(state.zone);
  const targets = horizon.map((ahead) => origin + (ahead - 1) * state.stepMs);
  const centres = targets.map((target) => expected(state.expectations, clock.weekOffset(target)));
  const steps = targets.map((target) => Math.max(1, Math.round((target - state.lastStep) / state.stepMs)));
  const kept = rho ** state.sinceSeen;
  const fresh = Math.sqrt(1 - rho * rho);
  const most = mostOf(state);
  const one = oneOf(state.stepMs);
  const rates = new Float64Array(paths * columns);
  for (let path = 0; path < paths; path++) {
    let regime = drawIndex(random, filter.belief, 0, states);
    let off = kept * (state.last - (emission.means[regime] as number));
    if (kept < 1) off += Math.sqrt(1 - kept * kept) * (deviations[regime] as number) * drawNormal(random);
    for (let column = 0, step = 0; column < columns; column++) {
      for (; step < (steps[column] as number); step++) {
        regime = drawIndex(random, transition, regime * states, states);
        off = rho * off + fresh * (deviations[regime] as number) * drawNormal(random);
      }
      const log = (centres[column] as number) + (emission.means[regime] as number) + off;
      rates[path * columns + column] = Math.max(0, Math.exp(Math.min(most, log)) - one);
    }
  }
  return rates;
}
