import type { Random } from '@auspex/contracts';
import { fit } from './fit.ts';
import { forward } from './forward.ts';
import type { Parameters } from './parameters.ts';
import type { HmmState, Regimes } from './state.ts';

/** Observations before the first fit, and least between two. */
export const FIRST_FIT = 200;
/** Iterations of a fit that starts from the last one's regimes, and of the first. */
const WARM = 15;
const COLD = 40;
const RHO_MOST = 0.99;

/** Whether it is time to fit: at 200 observations, then each time the history has grown by half, at the latest every `refitSteps`. */
export function isFitDue(state: HmmState, refitSteps: number): boolean {
  if (state.observed < FIRST_FIT) return false;
  if (!state.regimes) return true;
  return state.observed - state.observedAtFit >= Math.max(FIRST_FIT, Math.min(refitSteps, state.observed / 3));
}

/** Fits the regimes to the ring and sets the belief to what the fitted chain makes of it. */
export function fitRegimes(state: HmmState, states: number, random: Random): void {
  const values = state.residuals.toArray();
  const sequence = { values, dimensions: 1 };
  const warm = state.regimes?.parameters;
  const { parameters } = fit(sequence, {
    states,
    tolerance: 0.1,
    ...(warm ? { from: keepAlive(warm), maxIterations: WARM } : { random: random.fork(state.id), maxIterations: COLD }),
  });
  const sorted = sortByMean(parameters);
  const { filtered } = forward(sorted, sequence);
  state.regimes = { parameters: sorted, rho: persistence(values, filtered, sorted) };
  state.belief = filtered.slice(filtered.length - states);
  state.observedAtFit = state.observed;
}

/** Regimes that one window did not show have lost their transitions to 0; a little back lets the next window find them. */
function keepAlive(parameters: Parameters): Parameters {
  const { states } = parameters;
  const mixed = (p: number) => 0.99 * p + 0.01 / states;
  return { ...parameters, start: parameters.start.map(mixed), transition: parameters.transition.map(mixed) };
}

/** Regimes by rising mean, so that "3 of 3" is the busiest. */
function sortByMean(parameters: Parameters): Parameters {
  const { states, start, transition, means, variances } = parameters;
  const order = Array.from({ length: states }, (_, k) => k).sort((a, b) => (means[a] as number) - (means[b] as number));
  const pick = (values: Float64Array) => Float64Array.from(order, (k) => values[k] as number);
  return {
    states,
    dimensions: 1,
    start: pick(start),
    means: pick(means),
    variances: pick(variances),
    transition: Float64Array.from({ length: states * states }, (_, i) => {
      const from = order[Math.floor(i / states)] as number;
      return transition[from * states + (order[i % states] as number)] as number;
    }),
  };
}

/** Lag-1 correlation of the residuals taken from the mean of the regime they were in; what was not observed is left out. */
function persistence(values: Float64Array, filtered: Float64Array, { states, means }: Parameters): Regimes['rho'] {
  let before = Number.NaN;
  let across = 0;
  let square = 0;
  for (let t = 0; t < values.length; t++) {
    let off = values[t] as number;
    for (let k = 0; k < states; k++) off -= (filtered[t * states + k] as number) * (means[k] as number);
    if (!Number.isNaN(off) && !Number.isNaN(before)) {
      across += off * before;
      square += before * before;
    }
    before = off;
  }
  return square > 0 ? Math.min(RHO_MOST, Math.max(0, across / square)) : 0;
}
