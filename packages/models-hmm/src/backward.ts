import type { Forward } from './forward.ts';
import type { Parameters } from './parameters.ts';

/**
 * The scaled backward pass (Rabiner 1989, section V.A) with the forward pass' scales, so that
 * filtered x backward is the posterior without a further division.
 *
 * @param out filled and returned, [T x K]; give the same one again to allocate nothing
 */
export function backward(
  parameters: Parameters,
  passed: Forward,
  out: Float64Array = new Float64Array(passed.filtered.length),
): Float64Array {
  const { states, transition } = parameters;
  const { emissions, scales } = passed;
  const length = scales.length;
  for (let k = 0; k < states && length > 0; k++) out[(length - 1) * states + k] = 1;
  for (let t = length - 2, row = t * states; t >= 0; t--, row -= states) {
    const next = row + states;
    const scale = scales[t + 1] as number;
    for (let i = 0; i < states; i++) {
      let sum = 0;
      for (let j = 0; j < states; j++) {
        sum += (transition[i * states + j] as number) * (emissions[next + j] as number) * (out[next + j] as number);
      }
      out[row + i] = sum / scale;
    }
  }
  return out;
}
