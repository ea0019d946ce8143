import { gaussianEmissions } from './emissions/gaussian.ts';
import type { Parameters } from './parameters.ts';
import { lengthOf, type Sequence } from './sequence.ts';

/** What the forward pass leaves for the others. */
export interface Forward {
  /** log P(x_1 .. x_T | parameters). 0 of an empty sequence. */
  logLikelihood: number;
  /** Scaled alpha, [T x K]: P(state at t | x_1 .. x_t). Every row sums to 1. */
  readonly filtered: Float64Array;
  /** c_t, [T]: the sum that each row was divided by. */
  readonly scales: Float64Array;
  /** b_k(x_t), [T x K], each row divided by its largest. */
  readonly emissions: Float64Array;
}

/** Room for a forward pass over `length` steps. */
export function forwardRoom(length: number, states: number): Forward {
  return {
    logLikelihood: 0,
    filtered: new Float64Array(length * states),
    scales: new Float64Array(length),
    emissions: new Float64Array(length * states),
  };
}

/**
 * The scaled forward pass (Rabiner 1989, section V.A): O(T K^2), no underflow at any length.
 *
 * @param room filled and returned; give the same one again to allocate nothing
 */
export function forward(
  parameters: Parameters,
  sequence: Sequence,
  room: Forward = forwardRoom(lengthOf(sequence), parameters.states),
): Forward {
  const { states, start, transition } = parameters;
  const { filtered, scales, emissions } = room;
  const length = lengthOf(sequence);
  let log = gaussianEmissions(parameters, sequence.values, length, emissions);
  for (let t = 0, row = 0; t < length; t++, row += states) {
    let sum = 0;
    for (let j = 0; j < states; j++) {
      let reached = t === 0 ? (start[j] as number) : 0;
      if (t > 0)
        for (let i = 0; i < states; i++) reached += (filtered[row - states + i] as number) * (transition[i * states + j] as number);
      reached *= emissions[row + j] as number;
      filtered[row + j] = reached;
      sum += reached;
    }
    // Every state that can be reached has density 0 here (a transition that the parameters forbid, or an outlier past
    // the range of a double): the observation is impossible, so it is passed over and the likelihood says so.
    if (!(sum > 0)) {
      log = Number.NEGATIVE_INFINITY;
      sum = states;
      for (let j = 0; j < states; j++) filtered[row + j] = 1;
    }
    scales[t] = sum;
    log += Math.log(sum);
    for (let j = 0; j < states; j++) filtered[row + j] = (filtered[row + j] as number) / sum;
  }
  room.logLikelihood = log;
  return room;
}
