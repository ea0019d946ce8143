import { checkWhole } from './arrays.ts';

/** Which transitions a start allows. `left-right`: a state is left for the next one only, the first is where it begins, the last stays. */
export type Topology = 'ergodic' | 'left-right';

/**
 * Start and transition probabilities of a left-right chain (Bakis 1976). Baum-Welch keeps their zeros.
 *
 * @param stay probability of staying where it is, inside (0, 1). Default 0.9
 */
export function leftRight(states: number, stay = 0.9): { start: Float64Array; transition: Float64Array } {
  checkWhole('states', states);
  if (!(stay > 0 && stay < 1)) throw new RangeError(`stay must be inside (0, 1), not ${stay}`);
  const start = new Float64Array(states);
  const transition = new Float64Array(states * states);
  start[0] = 1;
  for (let k = 0; k < states; k++) {
    const last = k === states - 1;
    transition[k * states + k] = last ? 1 : stay;
    if (!last) transition[k * states + k + 1] = 1 - stay;
  }
  return { start, transition };
}
