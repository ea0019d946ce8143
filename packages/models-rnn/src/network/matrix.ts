// Dense kernels on row-major arrays of doubles. Each holds a block of 4 x 4 multipliers, so that what is read of the other matrix
// serves 16 products: more does not fit the registers, less reads more (measured: 2 x 4 takes 1.4 times as long). Single
// precision would be slower: JavaScript computes in double, and each read and write would convert.

/** The next multiple of 4. */
export function padded(count: number): number {
  return 4 * Math.ceil(count / 4);
}

/** C[M x N] += X[M x K] W[K x N], from `co` and `xo` on. M and K multiples of 4. */
export function addProduct(
  c: Float64Array,
  co: number,
  x: Float64Array,
  xo: number,
  w: Float64Array,
  m: number,
  k: number,
  n: number,
): void {
  for (let row = 0; row < m; row += 4) {
    const c0 = co + row * n;
    const c1 = co + (row + 1) * n;
    const c2 = co + (row + 2) * n;
    const c3 = co + (row + 3) * n;
    for (let i = 0; i < k; i += 4) {
      const x0 = xo + row * k + i;
      const x1 = x0 + k;
      const x2 = x1 + k;
      const x3 = x2 + k;
      const p0 = x[x0] as number;
      const p1 = x[x0 + 1] as number;
      const p2 = x[x0 + 2] as number;
      const p3 = x[x0 + 3] as number;
      const q0 = x[x1] as number;
      const q1 = x[x1 + 1] as number;
      const q2 = x[x1 + 2] as number;
      const q3 = x[x1 + 3] as number;
      const r0 = x[x2] as number;
      const r1 = x[x2 + 1] as number;
      const r2 = x[x2 + 2] as number;
      const r3 = x[x2 + 3] as number;
      const s0 = x[x3] as number;
      const s1 = x[x3 + 1] as number;
      const s2 = x[x3 + 2] as number;
      const s3 = x[x3 + 3] as number;
      const w0 = i * n;
      const w1 = w0 + n;
      const w2 = w1 + n;
      const w3 = w2 + n;
      for (let j = 0; j < n; j++) {
        const a0 = w[w0 + j] as number;
        const a1 = w[w1 + j] as number;
        const a2 = w[w2 + j] as number;
        const a3 = w[w3 + j] as number;
        c[c0 + j] = (c[c0 + j] as number) + p0 * a0 + p1 * a1 + p2 * a2 + p3 * a3;
        c[c1 + j] = (c[c1 + j] as number) + q0 * a0 + q1 * a1 + q2 * a2 + q3 * a3;
        c[c2 + j] = (c[c2 + j] as number) + r0 * a0 + r1 * a1 + r2 * a2 + r3 * a3;
        c[c3 + j] = (c[c3 + j] as number) + s0 * a0 + s1 * a1 + s2 * a2 + s3 * a3;
      }
    }
  }
}

/** G[K x N] += X[M x K] transposed D[M x N], X from `xo` on. M and K multiples of 4. */
export function addOuter(g: Float64Array, x: Float64Array, xo: number, d: Float64Array, m: number, k: number, n: number): void {
  for (let i = 0; i < k; i += 4) {
    const g0 = i * n;
    const g1 = (i + 1) * n;
    const g2 = (i + 2) * n;
    const g3 = (i + 3) * n;
    for (let row = 0; row < m; row += 4) {
      const x0 = xo + row * k + i;
      const x1 = x0 + k;
      const x2 = x1 + k;
      const x3 = x2 + k;
      const p0 = x[x0] as number;
      const q0 = x[x0 + 1] as number;
      const r0 = x[x0 + 2] as number;
      const s0 = x[x0 + 3] as number;
      const p1 = x[x1] as number;
      const q1 = x[x1 + 1] as number;
      const r1 = x[x1 + 2] as number;
      const s1 = x[x1 + 3] as number;
      const p2 = x[x2] as number;
      const q2 = x[x2 + 1] as number;
      const r2 = x[x2 + 2] as number;
      const s2 = x[x2 + 3] as number;
      const p3 = x[x3] as number;
      const q3 = x[x3 + 1] as number;
      const r3 = x[x3 + 2] as number;
      const s3 = x[x3 + 3] as number;
      const d0 = row * n;
      const d1 = d0 + n;
      const d2 = d1 + n;
      const d3 = d2 + n;
      for (let j = 0; j < n; j++) {
        const a0 = d[d0 + j] as number;
        const a1 = d[d1 + j] as number;
        const a2 = d[d2 + j] as number;
        const a3 = d[d3 + j] as number;
        g[g0 + j] = (g[g0 + j] as number) + p0 * a0 + p1 * a1 + p2 * a2 + p3 * a3;
        g[g1 + j] = (g[g1 + j] as number) + q0 * a0 + q1 * a1 + q2 * a2 + q3 * a3;
        g[g2 + j] = (g[g2 + j] as number) + r0 * a0 + r1 * a1 + r2 * a2 + r3 * a3;
        g[g3 + j] = (g[g3 + j] as number) + s0 * a0 + s1 * a1 + s2 * a2 + s3 * a3;
      }
    }
  }
}

/** g[N] += the sum of the rows of D[M x N]. */
export function addRows(g: Float64Array, d: Float64Array, m: number, n: number): void {
  for (let row = 0; row < m * n; row += n) for (let j = 0; j < n; j++) g[j] = (g[j] as number) + (d[row + j] as number);
}

/** y[N] += x[K] W[K x N], rows `from` .. `from + K` of W; x from `at` on, any K. */
export function addRowProduct(
  y: Float64Array,
  x: ArrayLike<number>,
  at: number,
  w: Float64Array,
  from: number,
  k: number,
  n: number,
): void {
  let i = 0;
  for (; i + 4 <= k; i += 4) {
    const x0 = x[at + i] as number;
    const x1 = x[at + i + 1] as number;
    const x2 = x[at + i + 2] as number;
    const x3 = x[at + i + 3] as number;
    const w0 = (from + i) * n;
    const w1 = w0 + n;
    const w2 = w1 + n;
    const w3 = w2 + n;
    for (let j = 0; j < n; j++) {
      y[j] =
        (y[j] as number) +
        x0 * (w[w0 + j] as number) +
        x1 * (w[w1 + j] as number) +
        x2 * (w[w2 + j] as number) +
        x3 * (w[w3 + j] as number);
    }
  }
  for (; i < k; i++) {
    const a = x[at + i] as number;
    const row = (from + i) * n;
    for (let j = 0; j < n; j++) y[j] = (y[j] as number) + a * (w[row + j] as number);
  }
}
