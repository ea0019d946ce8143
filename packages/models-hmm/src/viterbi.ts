import { logDensity } from './emissions/gaussian.ts';
import type { Parameters } from './parameters.ts';
import { lengthOf, type Sequence } from './sequence.ts';

/** The likeliest path. */
export interface Path {
  /** [T]: the state at each step, 0 .. K-1. */
  readonly states: Uint16Array;
  /** log P(path, sequence | parameters). 0 of an empty sequence. */
  readonly logProbability: number;
}

/** The single likeliest sequence of states (Viterbi 1967; Rabiner 1989, section III.B). Of equals the lowest state wins. */
export function viterbi(parameters: Parameters, sequence: Sequence): Path {
  const { states, dimensions, transition, start } = parameters;
  const length = lengthOf(sequence);
  const path = new Uint16Array(length);
  if (length === 0) return { states: path, logProbability: 0 };
  const logs = transition.map(Math.log);
  const from = new Uint16Array(length * states);
  let best = start.map((p, k) => Math.log(p) + logDensity(parameters, k, sequence.values, 0));
  let next = new Float64Array(states);
  for (let t = 1; t < length; t++) {
    for (let j = 0; j < states; j++) {
      let value = Number.NEGATIVE_INFINITY;
      let origin = 0;
      for (let i = 0; i < states; i++) {
        const candidate = (best[i] as number) + (logs[i * states + j] as number);
        if (candidate > value) {
          value = candidate;
          origin = i;
        }
      }
      from[t * states + j] = origin;
      next[j] = value + logDensity(parameters, j, sequence.values, t * dimensions);
    }
    [best, next] = [next, best];
  }
  let state = 0;
  for (let k = 1; k < states; k++) if ((best[k] as number) > (best[state] as number)) state = k;
  const logProbability = best[state] as number;
  for (let t = length - 1; t >= 0; t--) {
    path[t] = state;
    state = from[t * states + state] as number;
  }
  return { states: path, logProbability };
}
