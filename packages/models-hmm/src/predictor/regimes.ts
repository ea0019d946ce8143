import type { Random } from '@auspex/contracts';
import type { GaussianEmission } from '../emissions/emission.ts';
import { Filter } from '../filter.ts';
import { fit } from '../fit.ts';
import { forward } from '../forward.ts';
import { type Model, reorderStates } from '../model.ts';
import { varianceOf } from '../variance-floors.ts';
import type { HmmRegimeState, Regimes } from './state.ts';

/** Observations before the first fit, and least between two. */
export const FIRST_FIT = 200;
/** Iterations of a fit that starts from the last one's regimes, and of the first. */
const WARM = 15;
const COLD = 40;
const RHO_MOST = 0.99;
/** Least variance of a regime, as a share of all, and of itself: of log residuals a thousandth is as good as constant. */
const LEAST_SHARE = 1e-3;
const LEAST_VARIANCE = 1e-6;

/** What regimes are fitted to, and in. */
type Fitted = Pick<HmmRegimeState, 'id' | 'residuals' | 'observed' | 'observedAtFit' | 'regimes'>;

/** Whether it is time to fit: at 200 observations, then each time the history has grown by half, at the latest every `refitSteps`. */
export function isFitDue(state: Fitted, refitSteps: number): boolean {
  if (state.observed < FIRST_FIT) return false;
  if (!state.regimes) return true;
  return state.observed - state.observedAtFit >= Math.max(FIRST_FIT, Math.min(refitSteps, state.observed / 3));
}

/** Fits the regimes to the ring and sets the belief to what the fitted chain makes of it. */
export function fitRegimes(state: Fitted, states: number, random: Random): void {
  const values = state.residuals.toArray();
  const sequence = { values, dimensions: 1 };
  const warm = state.regimes?.model;
  const variance = varianceOf(sequence, 0);
  const fitted = fit([sequence], {
    states,
    tolerance: 0.1,
    varianceFloor: variance > 0 ? Math.max(LEAST_SHARE, LEAST_VARIANCE / variance) : LEAST_SHARE,
    ...(warm ? { from: keepAlive(warm), maxIterations: WARM } : { random: random.fork(state.id), maxIterations: COLD }),
  });
  const model = sortByMean(fitted.model);
  const { filtered } = forward(model, sequence);
  state.regimes = {
    model,
    rho: persistence(values, filtered, model),
    filter: new Filter(model, filtered.subarray(filtered.length - states)),
  };
  state.observedAtFit = state.observed;
}

/** Regimes that one window did not show have lost their transitions to 0; a little back lets the next window find them. */
function keepAlive(model: Model<GaussianEmission>): Model<GaussianEmission> {
  const mixed = (p: number) => 0.99 * p + 0.01 / model.states;
  return { ...model, start: model.start.map(mixed), transition: model.transition.map(mixed) };
}

/** Regimes by rising mean, so that "3 of 3" is the busiest. */
function sortByMean(model: Model<GaussianEmission>): Model<GaussianEmission> {
  const { means } = model.emission;
  const order = Array.from({ length: model.states }, (_, k) => k).sort((a, b) => (means[a] as number) - (means[b] as number));
  return reorderStates(model, order);
}

/** Lag-1 correlation of the residuals taken from the mean of the regime they were in; what was not observed is left out. */
function persistence(values: Float64Array, filtered: Float64Array, { states, emission }: Model<GaussianEmission>): Regimes['rho'] {
  let before = Number.NaN;
  let across = 0;
  let square = 0;
  for (let t = 0; t < values.length; t++) {
    let off = values[t] as number;
    for (let k = 0; k < states; k++) off -= (filtered[t * states + k] as number) * (emission.means[k] as number);
    if (!Number.isNaN(off) && !Number.isNaN(before)) {
      across += off * before;
      square += before * before;
    }
    before = off;
  }
  return square > 0 ? Math.min(RHO_MOST, Math.max(0, across / square)) : 0;
}
