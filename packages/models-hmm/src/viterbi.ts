import { semiViterbi } from './durations/semi-viterbi.ts';
import { familyOf } from './emissions/families.ts';
import type { Model } from './model.ts';
import { passOver } from './pass-over.ts';
import { rowsFor, type Sequence } from './sequence.ts';

/** The likeliest path. */
export interface Path {
  /** [T]: the state at each step, 0 .. K-1. */
  readonly states: Uint16Array;
  /** log P(path, sequence | model), in nats. 0 of an empty sequence, -Infinity where an observation is impossible. */
  readonly logProbability: number;
}

/**
 * The single likeliest sequence of states (Viterbi 1967; Rabiner 1989, section III.B). Of equals the lowest state wins. An observation
 * that no state can give is passed over, as the filter does.
 */
export function viterbi(model: Model, sequence: Sequence): Path {
  if (model.durations) return semiViterbi(model, model.durations, sequence);
  const { states, emission, transition, start } = model;
  const length = rowsFor(sequence, emission);
  const path = new Uint16Array(length);
  if (length === 0) return { states: path, logProbability: 0 };
  const densities = familyOf(emission).densities(emission, states);
  const density = new Float64Array(states);
  const logs = transition.map(Math.log);
  const from = new Uint16Array(length * states);
  let best = new Float64Array(states);
  let next = new Float64Array(states);
  densities.log(sequence.values, 0, density, 0);
  let isPossible = passOver(density, 0, states);
  for (let k = 0; k < states; k++) best[k] = Math.log(start[k] as number) + (density[k] as number);
  for (let t = 1; t < length; t++) {
    densities.log(sequence.values, t * emission.dimensions, density, 0);
    if (!passOver(density, 0, states)) isPossible = false;
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
      next[j] = value + (density[j] as number);
    }
    [best, next] = [next, best];
  }
  let state = 0;
  for (let k = 1; k < states; k++) if ((best[k] as number) > (best[state] as number)) state = k;
  const logProbability = isPossible ? (best[state] as number) : Number.NEGATIVE_INFINITY;
  for (let t = length - 1; t >= 0; t--) {
    path[t] = state;
    state = from[t * states + state] as number;
  }
  return { states: path, logProbability };
}
