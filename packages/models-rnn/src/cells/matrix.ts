// Dense kernels on row-major arrays. Each handles a block of rows at once, so that what was read is used several times.

/** C[M x N] += X[M x K] W[K x N]. M even, K a multiple of 4. */
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
  for (let row = 0; row < m; row += 2) {
    const c0 = co + row * n;
    const c1 = c0 + n;
    const x0 = xo + row * k;
    const x1 = x0 + k;
    for (let i = 0; i < k; i += 4) {
      const a0 = x[x0 + i] as number;
      const a1 = x[x0 + i + 1] as number;
      const a2 = x[x0 + i + 2] as number;
      const a3 = x[x0 + i + 3] as number;
      const b0 = x[x1 + i] as number;
      const b1 = x[x1 + i + 1] as number;
      const b2 = x[x1 + i + 2] as number;
      const b3 = x[x1 + i + 3] as number;
      const w0 = i * n;
      const w1 = w0 + n;
      const w2 = w1 + n;
      const w3 = w2 + n;
      for (let j = 0; j < n; j++) {
        const p = w[w0 + j] as number;
        const q = w[w1 + j] as number;
        const r = w[w2 + j] as number;
        const s = w[w3 + j] as number;
        c[c0 + j] = (c[c0 + j] as number) + a0 * p + a1 * q + a2 * r + a3 * s;
        c[c1 + j] = (c[c1 + j] as number) + b0 * p + b1 * q + b2 * r + b3 * s;
      }
    }
  }
}

/** G[K x N] += X[M x K] transposed D[M x N]. M a multiple of 4, K even. */
export function addOuter(g: Float64Array, x: Float64Array, xo: number, d: Float64Array, m: number, k: number, n: number): void {
  for (let i = 0; i < k; i += 2) {
    const g0 = i * n;
    const g1 = g0 + n;
    for (let row = 0; row < m; row += 4) {
      const at = xo + row * k + i;
      const a0 = x[at] as number;
      const a1 = x[at + k] as number;
      const a2 = x[at + 2 * k] as number;
      const a3 = x[at + 3 * k] as number;
      const b0 = x[at + 1] as number;
      const b1 = x[at + k + 1] as number;
      const b2 = x[at + 2 * k + 1] as number;
      const b3 = x[at + 3 * k + 1] as number;
      const d0 = row * n;
      const d1 = d0 + n;
      const d2 = d1 + n;
      const d3 = d2 + n;
      for (let j = 0; j < n; j++) {
        const p = d[d0 + j] as number;
        const q = d[d1 + j] as number;
        const r = d[d2 + j] as number;
        const s = d[d3 + j] as number;
        g[g0 + j] = (g[g0 + j] as number) + a0 * p + a1 * q + a2 * r + a3 * s;
        g[g1 + j] = (g[g1 + j] as number) + b0 * p + b1 * q + b2 * r + b3 * s;
      }
    }
  }
}

/** O[M x U] = D[M x N] times rows `from` .. `from + U` of W[. x N], transposed. M even, U a multiple of 4. */
export function backProduct(o: Float64Array, d: Float64Array, w: Float64Array, from: number, m: number, u: number, n: number): void {
  for (let row = 0; row < m; row += 2) {
    const d0 = row * n;
    const d1 = d0 + n;
    for (let i = 0; i < u; i += 4) {
      const w0 = (from + i) * n;
      const w1 = w0 + n;
      const w2 = w1 + n;
      const w3 = w2 + n;
      let a0 = 0;
      let a1 = 0;
      let a2 = 0;
      let a3 = 0;
      let b0 = 0;
      let b1 = 0;
      let b2 = 0;
      let b3 = 0;
      for (let j = 0; j < n; j++) {
        const p = w[w0 + j] as number;
        const q = w[w1 + j] as number;
        const r = w[w2 + j] as number;
        const s = w[w3 + j] as number;
        const a = d[d0 + j] as number;
        const b = d[d1 + j] as number;
        a0 += a * p;
        a1 += a * q;
        a2 += a * r;
        a3 += a * s;
        b0 += b * p;
        b1 += b * q;
        b2 += b * r;
        b3 += b * s;
      }
      const at = row * u + i;
      o[at] = a0;
      o[at + 1] = a1;
      o[at + 2] = a2;
      o[at + 3] = a3;
      o[at + u] = b0;
      o[at + u + 1] = b1;
      o[at + u + 2] = b2;
      o[at + u + 3] = b3;
    }
  }
}
