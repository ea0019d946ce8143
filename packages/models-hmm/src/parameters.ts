/** Rows of probabilities may miss 1 by this much: what rounding does to a sum of a few hundred terms. */
const TOLERANCE = 1e-6;

/**
 * A hidden Markov chain with Gaussian emissions of diagonal covariance, K states and D dimensions. Symbols as in
 * Rabiner (1989), "A tutorial on hidden Markov models and selected applications in speech recognition".
 */
export interface Parameters {
  /** K. */
  readonly states: number;
  /** D. */
  readonly dimensions: number;
  /** pi, [K]: probabilities of the state at the first observation. */
  readonly start: Float64Array;
  /** A, row-major [K x K]: row = from, column = to. Every row sums to 1. */
  readonly transition: Float64Array;
  /** mu, row-major [K x D], in the unit of the observations. */
  readonly means: Float64Array;
  /** sigma squared, row-major [K x D], all above 0. */
  readonly variances: Float64Array;
}

/**
 * Checks shapes and values and returns the same parameters.
 *
 * @throws RangeError that names the part: a wrong length, a number that is not finite, a row that does not sum to 1, or a
 *   variance that is not positive
 */
export function checkParameters(parameters: Parameters): Parameters {
  const { states, dimensions } = parameters;
  if (!Number.isInteger(states) || states < 1) throw new RangeError(`states must be a whole number from 1, not ${states}`);
  if (!Number.isInteger(dimensions) || dimensions < 1) throw new RangeError(`dimensions must be a whole number from 1, not ${dimensions}`);
  checkRows('start', parameters.start, 1, states);
  checkRows('transition', parameters.transition, states, states);
  checkFinite('means', parameters.means, states * dimensions);
  checkFinite('variances', parameters.variances, states * dimensions);
  if (parameters.variances.some((variance) => variance <= 0)) throw new RangeError('variances must be above 0');
  return parameters;
}

/** A copy that shares nothing with the original: Baum-Welch changes its parameters in place. */
export function copyParameters(parameters: Parameters): Parameters {
  return {
    states: parameters.states,
    dimensions: parameters.dimensions,
    start: parameters.start.slice(),
    transition: parameters.transition.slice(),
    means: parameters.means.slice(),
    variances: parameters.variances.slice(),
  };
}

function checkFinite(name: string, values: Float64Array, length: number): void {
  if (values.length !== length) throw new RangeError(`${name} must hold ${length} numbers, not ${values.length}`);
  if (!values.every(Number.isFinite)) throw new RangeError(`${name} must be finite`);
}

function checkRows(name: string, values: Float64Array, rows: number, columns: number): void {
  checkFinite(name, values, rows * columns);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < columns; column++) {
      const probability = values[row * columns + column] as number;
      if (probability < 0) throw new RangeError(`${name} must not be negative`);
      sum += probability;
    }
    if (Math.abs(sum - 1) > TOLERANCE) throw new RangeError(`row ${row} of ${name} sums to ${sum}, not 1`);
  }
}
