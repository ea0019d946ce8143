import { familyOf } from '../emissions/families.ts';
import type { Model } from '../model.ts';
import { passOver } from '../pass-over.ts';
import { rowsFor, type Sequence } from '../sequence.ts';
import type { Path } from '../viterbi.ts';
import { type Durations, makeTable } from './durations.ts';

/** The single likeliest path of a model with durations: over where the last visit began (Yu 2010, section 2.3). O(T K (K + longest)). */
export function semiViterbi(model: Model, durations: Durations, sequence: Sequence): Path {
  const { states, emission, start, transition } = model;
  const length = rowsFor(sequence, emission);
  const path = new Uint16Array(length);
  if (length === 0) return { states: path, logProbability: 0 };
  const { longest, probabilities, survivors } = makeTable(durations, states);
  const [lasts, atLeast, moves] = [probabilities.map(Math.log), survivors.map(Math.log), transition.map(Math.log)];
  const logs = new Float64Array(length * states);
  const densities = familyOf(emission).densities(emission, states);
  let isPossible = true;
  for (let t = 0; t < length; t++) {
    densities.log(sequence.values, t * emission.dimensions, logs, t * states);
    if (!passOver(logs, t * states, states)) isPossible = false;
  }
  // Best log probability of a visit that begins at t, and the state of the visit before it.
  const arriving = new Float64Array((length + 1) * states);
  const origin = new Uint16Array((length + 1) * states);
  // Steps of the best visit that ends at t.
  const lasted = new Uint32Array(length * states);
  const ended = new Float64Array(states);
  for (let k = 0; k < states; k++) arriving[k] = Math.log(start[k] as number);
  for (let t = 0; t < length; t++) {
    const last = t === length - 1;
    for (let k = 0; k < states; k++) {
      let best = Number.NEGATIVE_INFINITY;
      let steps = 1;
      let seen = 0;
      for (let d = 1; d <= longest && d <= t + 1; d++) {
        seen += logs[(t - d + 1) * states + k] as number;
        if (seen === Number.NEGATIVE_INFINITY) break;
        const value = (arriving[(t - d + 1) * states + k] as number) + seen + ((last ? atLeast : lasts)[k * longest + d - 1] as number);
        if (value > best) {
          best = value;
          steps = d;
        }
      }
      ended[k] = best;
      lasted[t * states + k] = steps;
    }
    for (let j = 0; j < states; j++) {
      let best = Number.NEGATIVE_INFINITY;
      let from = 0;
      for (let i = 0; i < states; i++) {
        const value = (ended[i] as number) + (moves[i * states + j] as number);
        if (value > best) {
          best = value;
          from = i;
        }
      }
      arriving[(t + 1) * states + j] = best;
      origin[(t + 1) * states + j] = from;
    }
  }
  let state = 0;
  for (let k = 1; k < states; k++) if ((ended[k] as number) > (ended[state] as number)) state = k;
  const logProbability = isPossible ? (ended[state] as number) : Number.NEGATIVE_INFINITY;
  for (let t = length - 1; t >= 0; ) {
    const begin = t + 1 - (lasted[t * states + state] as number);
    path.fill(state, begin, t + 1);
    state = origin[begin * states + state] as number;
    t = begin - 1;
  }
  return { states: path, logProbability };
}
