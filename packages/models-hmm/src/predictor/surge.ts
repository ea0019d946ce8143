import { NOT_READY, type NotReady } from '@auspex/contracts';
import type { HmmRegimeState, Regimes } from './state.ts';

/** A hazard that no longer moves by this much has reached its limit. */
const SETTLED = 1e-10;
/** Room for the most regimes that may be configured: a forecast asks each time. */
const one = new Float64Array(8);
const other = new Float64Array(8);

/**
 * P(the chain is in a surge regime at least once in the steps `fromStep` .. `toStep` ahead): surge regimes are made absorbing within the window, so that
 * a surge that lasts counts once. 0 where no regime is a surge. `NOT_READY` before the first fit.
 *
 * @param fromStep steps ahead of the last one observed, from 1; 1 = the next step
 * @param toStep the last of the window, inclusive
 * @throws RangeError on steps that are no whole numbers, or out of order
 */
export function surgeProbability(state: HmmRegimeState, fromStep: number, toStep: number): number | NotReady {
  if (!Number.isInteger(fromStep) || !Number.isInteger(toStep) || fromStep < 1 || toStep < fromStep)
    throw new RangeError(`steps ahead must be whole numbers, 1 <= fromStep <= toStep, not ${fromStep} and ${toStep}`);
  return state.regimes ? visits(state.regimes, state.surgeAt, fromStep, toStep) : NOT_READY;
}

/** The same of regimes that are there. */
export function visits({ model, filter }: Regimes, surgeAt: number, fromStep: number, toStep: number): number {
  const { states, emission } = model;
  const least = Math.log1p(surgeAt);
  // Regimes rise, so that surges are the last ones.
  let calm = states;
  while (calm > 0 && (emission.means[calm - 1] as number) >= least) calm--;
  if (calm === states) return 0;
  let belief = one;
  let spare = other;
  for (let k = 0; k < states; k++) belief[k] = filter.belief[k] as number;
  // States that may hold belief; from the window's first step on, given that no surge came so far, the calm ones.
  let held = states;
  let spared = 1;
  for (let step = 1, before = Number.NaN; step <= toStep; step++) {
    const inside = step >= fromStep;
    const wanted = inside ? calm : states;
    let left = 0;
    for (let j = 0; j < wanted; j++) {
      let sum = 0;
      for (let i = 0; i < held; i++) sum += (belief[i] as number) * (model.transition[i * states + j] as number);
      spare[j] = sum;
      left += sum;
    }
    [belief, spare] = [spare, belief];
    if (!inside) continue;
    held = calm;
    if (!(left > 0)) return 1;
    const scale = 1 / left;
    for (let k = 0; k < calm; k++) belief[k] = (belief[k] as number) * scale;
    spared *= left;
    if (Math.abs(left - before) < SETTLED * (1 - left)) return 1 - spared * left ** (toStep - step);
    before = left;
  }
  return 1 - spared;
}
