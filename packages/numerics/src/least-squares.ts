/**
 * Linear regression kept as its normal equations, with exponential forgetting: recursive least squares in the form that
 * is solved rather than inverted, so that a ridge never fades and nothing winds up while the inputs stand still.
 * `gram` is the lower triangle of Σ w·x·xᵀ by rows, p(p+1)/2 values; `moment` is Σ w·x·y, p values.
 */
export interface NormalEquations {
  readonly gram: Float32Array | Float64Array;
  readonly moment: Float32Array | Float64Array;
}

/**
 * Multiplies what was seen by `keep` and adds one row.
 *
 * @param x p inputs
 * @param keep forgetting factor in (0, 1]; 0.5 ** (1 / halfLife)
 */
export function addRow(to: NormalEquations, x: Float64Array, y: number, weight: number, keep: number): void {
  const { gram, moment } = to;
  const p = moment.length;
  for (let i = 0, k = 0; i < p; i++) {
    const wx = weight * (x[i] as number);
    for (let j = 0; j <= i; j++, k++) gram[k] = keep * (gram[k] as number) + wx * (x[j] as number);
    moment[i] = keep * (moment[i] as number) + wx * y;
  }
}

/**
 * Ridge regression around a prior: argmin over b of Σ w(y − xᵀb)² + Σ penalty·(b − prior)², by Cholesky.
 *
 * @param penalty one value a coefficient, positive
 * @param out p coefficients; may be the array that held the old ones
 * @param work scratch of at least p(p+1)/2 + p values
 * @returns false, with `out` as it was, when the matrix is not positive definite
 */
export function solveRidge(
  from: NormalEquations,
  prior: Float64Array,
  penalty: Float64Array,
  out: Float64Array,
  work: Float64Array,
): boolean {
  const { gram, moment } = from;
  const p = moment.length;
  const z = (p * (p + 1)) / 2;
  // The right-hand side of the equations for b − prior: moment − gram·prior.
  for (let i = 0, k = 0; i < p; i++) {
    let sum = moment[i] as number;
    for (let j = 0; j < i; j++) {
      const g = gram[k++] as number;
      sum -= g * (prior[j] as number);
      work[z + j] = (work[z + j] as number) - g * (prior[i] as number);
    }
    work[z + i] = sum - (gram[k++] as number) * (prior[i] as number);
  }
  for (let i = 0, row = 0; i < p; row += ++i) {
    for (let j = 0, column = 0; j <= i; column += ++j) {
      let sum = gram[row + j] as number;
      if (i === j) sum += penalty[i] as number;
      for (let k = 0; k < j; k++) sum -= (work[row + k] as number) * (work[column + k] as number);
      if (i === j) {
        if (!(sum > 0)) return false;
        work[row + i] = Math.sqrt(sum);
      } else work[row + j] = sum / (work[column + j] as number);
    }
    let sum = work[z + i] as number;
    for (let k = 0; k < i; k++) sum -= (work[row + k] as number) * (work[z + k] as number);
    work[z + i] = sum / (work[row + i] as number);
  }
  for (let i = p - 1; i >= 0; i--) {
    let sum = work[z + i] as number;
    for (let k = i + 1; k < p; k++) sum -= (work[(k * (k + 1)) / 2 + i] as number) * (work[z + k] as number);
    work[z + i] = sum / (work[(i * (i + 1)) / 2 + i] as number);
  }
  for (let i = 0; i < p; i++) out[i] = (prior[i] as number) + (work[z + i] as number);
  return true;
}
