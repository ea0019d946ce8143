import { logDensity } from './emissions/gaussian.ts';
import type { Parameters } from './parameters.ts';

/** belief x A, into `out`: the states one step later when nothing is seen. O(K^2). */
export function advance(parameters: Parameters, belief: Float64Array, out: Float64Array): void {
  const { states, transition } = parameters;
  for (let j = 0; j < states; j++) {
    let sum = 0;
    for (let i = 0; i < states; i++) sum += (belief[i] as number) * (transition[i * states + j] as number);
    out[j] = sum;
  }
}

/**
 * One step of the forward pass, in place: what a service does with each new observation. O(K^2).
 *
 * @param belief P(state | all before), [K]; becomes P(state | all up to now)
 * @param values holds the observation from `at` on; NaN = not observed
 * @param scratch [K]
 */
export function filterStep(parameters: Parameters, belief: Float64Array, values: Float64Array, at: number, scratch: Float64Array): void {
  const { states } = parameters;
  advance(parameters, belief, scratch);
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < states; k++) {
    const log = Math.log(scratch[k] as number) + logDensity(parameters, k, values, at);
    belief[k] = log;
    if (log > largest) largest = log;
  }
  let sum = 0;
  for (let k = 0; k < states; k++) {
    // An observation that no state can explain leaves the chain where its transitions took it.
    const weight = largest === Number.NEGATIVE_INFINITY ? (scratch[k] as number) : Math.exp((belief[k] as number) - largest);
    belief[k] = weight;
    sum += weight;
  }
  for (let k = 0; k < states; k++) belief[k] = (belief[k] as number) / sum;
}
