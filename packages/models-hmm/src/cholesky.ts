/**
 * Lower Cholesky factor of a symmetric matrix, row-major [n x n], into `out` (which may be the matrix itself).
 *
 * @returns whether the matrix is positive definite; if not, `out` is of no use
 */
export function cholesky(matrix: Float64Array, n: number, out: Float64Array, from = 0, to = 0): boolean {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[from + i * n + j] as number;
      for (let p = 0; p < j; p++) sum -= (out[to + i * n + p] as number) * (out[to + j * n + p] as number);
      if (i === j) {
        if (!(sum > 0)) return false;
        out[to + i * n + i] = Math.sqrt(sum);
      } else {
        out[to + i * n + j] = sum / (out[to + j * n + j] as number);
        out[to + j * n + i] = 0;
      }
    }
  }
  return true;
}

/** x := L^-1 x, in place, of the lower factor at `at`. */
export function solveLower(factor: Float64Array, n: number, at: number, x: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = x[i] as number;
    for (let p = 0; p < i; p++) sum -= (factor[at + i * n + p] as number) * (x[p] as number);
    x[i] = sum / (factor[at + i * n + i] as number);
  }
}

/** x := L^-T x, in place. */
export function solveUpper(factor: Float64Array, n: number, at: number, x: Float64Array): void {
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i] as number;
    for (let p = i + 1; p < n; p++) sum -= (factor[at + p * n + i] as number) * (x[p] as number);
    x[i] = sum / (factor[at + i * n + i] as number);
  }
}

/** Sum of the logs of a factor's diagonal: half the log determinant. */
export function halfLogDeterminant(factor: Float64Array, n: number, at = 0): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.log(factor[at + i * n + i] as number);
  return sum;
}

/**
 * The nearest likelier covariance that is nowhere below a floor: of C, scaled so that the floors are 1, eigenvalues below 1 are set to 1. This is the
 * maximum of the normal likelihood under that bound. In place, at `at`.
 *
 * @param floors least variance in each dimension, [n]; with one that is not above 0 nothing is done
 */
export function floorCovariance(matrix: Float64Array, n: number, at: number, floors: Float64Array): void {
  if (floors.some((floor) => !(floor > 0))) return;
  const scaled = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++)
      scaled[i * n + j] = (matrix[at + i * n + j] as number) / (Math.sqrt(floors[i] as number) * Math.sqrt(floors[j] as number));
  }
  const spare = scaled.slice();
  for (let i = 0; i < n; i++) spare[i * n + i] = (spare[i * n + i] as number) - 1;
  if (cholesky(spare, n, spare)) return;
  const vectors = jacobi(scaled, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let e = 0; e < n; e++)
        sum += Math.max(1, scaled[e * n + e] as number) * (vectors[i * n + e] as number) * (vectors[j * n + e] as number);
      sum *= Math.sqrt(floors[i] as number) * Math.sqrt(floors[j] as number);
      matrix[at + i * n + j] = sum;
      matrix[at + j * n + i] = sum;
    }
  }
}

/** Cyclic Jacobi rotations: leaves the eigenvalues on the diagonal and returns the eigenvectors, one a column. */
function jacobi(matrix: Float64Array, n: number): Float64Array {
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += (matrix[p * n + q] as number) ** 2;
    if (off < 1e-26) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(matrix, vectors, n, p, q);
  }
  return vectors;
}

function rotate(matrix: Float64Array, vectors: Float64Array, n: number, p: number, q: number): void {
  const apq = matrix[p * n + q] as number;
  if (apq === 0) return;
  const theta = ((matrix[q * n + q] as number) - (matrix[p * n + p] as number)) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let i = 0; i < n; i++) turn(matrix, i * n + p, i * n + q, c, s);
  for (let i = 0; i < n; i++) turn(matrix, p * n + i, q * n + i, c, s);
  for (let i = 0; i < n; i++) turn(vectors, i * n + p, i * n + q, c, s);
}

function turn(values: Float64Array, a: number, b: number, c: number, s: number): void {
  const x = values[a] as number;
  const y = values[b] as number;
  values[a] = c * x - s * y;
  values[b] = s * x + c * y;
}
