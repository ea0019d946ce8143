import type { Parameters } from '../parameters.ts';

const LOG_2_PI = Math.log(2 * Math.PI);

/** log b_k(x): the log density of one observation in one state. `at` = index of its first value. 0 where all is NaN. */
export function logDensity(parameters: Parameters, state: number, values: Float64Array, at: number): number {
  const { dimensions, means, variances } = parameters;
  let log = 0;
  for (let d = 0, m = state * dimensions; d < dimensions; d++, m++) {
    const x = values[at + d] as number;
    // A dimension that was not observed says nothing.
    if (Number.isNaN(x)) continue;
    const variance = variances[m] as number;
    const off = x - (means[m] as number);
    log -= 0.5 * (LOG_2_PI + Math.log(variance) + (off * off) / variance);
  }
  return log;
}

/**
 * Fills `emissions`, [T x K], with b_k(x_t) divided by the row's largest, so that no row underflows however far an outlier
 * lies from every state.
 *
 * @returns the sum of the logs that were divided out; adding it gives back the true likelihood
 */
export function gaussianEmissions(parameters: Parameters, values: Float64Array, length: number, emissions: Float64Array): number {
  const { states, dimensions } = parameters;
  let taken = 0;
  for (let t = 0, row = 0; t < length; t++, row += states) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < states; k++) {
      const log = logDensity(parameters, k, values, t * dimensions);
      emissions[row + k] = log;
      if (log > largest) largest = log;
    }
    for (let k = 0; k < states; k++) emissions[row + k] = Math.exp((emissions[row + k] as number) - largest);
    taken += largest;
  }
  return taken;
}
