import { backward } from './backward.ts';
import { forward } from './forward.ts';
import type { Parameters } from './parameters.ts';
import type { Sequence } from './sequence.ts';

/** gamma, [T x K]: P(state at t | the whole sequence). Every row sums to 1. */
export function posteriors(parameters: Parameters, sequence: Sequence): Float64Array {
  const passed = forward(parameters, sequence);
  return smooth(parameters.states, passed.filtered, backward(parameters, passed));
}

/** gamma from both passes, written over `later` and returned. */
export function smooth(states: number, filtered: Float64Array, later: Float64Array): Float64Array {
  for (let row = 0; row < filtered.length; row += states) {
    let sum = 0;
    for (let k = 0; k < states; k++) {
      const joint = (filtered[row + k] as number) * (later[row + k] as number);
      later[row + k] = joint;
      sum += joint;
    }
    // The sum is 1 but for rounding; dividing keeps a long sequence from drifting.
    for (let k = 0; k < states; k++) later[row + k] = (later[row + k] as number) / sum;
  }
  return later;
}
