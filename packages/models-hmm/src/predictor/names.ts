import { NOT_READY, type NotReady } from '@auspex/contracts';
import type { HmmRegimeState } from './state.ts';

/** One level around what is expected. */
export interface Regime {
  /** `surge` from `surgeAt` on; else `quiet` the lowest of three or more, `busy` the highest of two or more, `usual` those between. */
  readonly name: 'quiet' | 'usual' | 'busy' | 'surge';
  /** That the series is in it at the last step. */
  readonly probability: number;
  /** Its mean over what is expected, as a share: 0.35 = +35 %. */
  readonly overExpected: number;
}

/** What regimes there are, by rising mean, and which is the likeliest now. */
export interface RegimeBelief {
  readonly regimes: readonly Regime[];
  /** Index of the most probable one. */
  readonly likeliest: number;
}

/** Names and probabilities of the regimes at the last step. `NOT_READY` before the first fit. */
export function regimeOf(state: HmmRegimeState): RegimeBelief | NotReady {
  if (!state.regimes) return NOT_READY;
  const { model, filter } = state.regimes;
  const { means } = model.emission;
  const regimes = Array.from(filter.belief, (probability, k) => {
    const overExpected = Math.expm1(means[k] as number);
    return { name: nameOf(k, model.states, overExpected >= state.surgeAt), probability, overExpected };
  });
  return { regimes, likeliest: likeliestOf(filter.belief) };
}

/** The name of regime k of `states`, by rising mean. */
export function nameOf(k: number, states: number, surges: boolean): Regime['name'] {
  if (surges) return 'surge';
  if (states > 1 && k === states - 1) return 'busy';
  return states > 2 && k === 0 ? 'quiet' : 'usual';
}

/** The most probable place; of equals the first. */
export function likeliestOf(belief: Float64Array): number {
  let best = 0;
  for (let k = 1; k < belief.length; k++) if ((belief[k] as number) > (belief[best] as number)) best = k;
  return best;
}
