/**
 * exp(-y) for 0 <= y <= FARTHEST without a call: exp(-i / 64) from two tables, times a polynomial on the rest, of which |r| <= 1 / 128. Relative error
 * below 1e-15. The kernels have it inline; this states it once for tests and for the loops.
 */
export const FARTHEST = 700;
export const COARSE: Float64Array = Float64Array.from({ length: 48 }, (_, i) => Math.exp(-16 * i));
export const FINE: Float64Array = Float64Array.from({ length: 1024 }, (_, i) => Math.exp(-i / 64));

export function expOfMinus(y: number): number {
  const i = (y * 64 + 0.5) | 0;
  const r = y - i * 0.015625;
  const rest = 1 - r * (1 - r * (0.5 - r * (1 / 6 - r * (1 / 24 - r * (1 / 120)))));
  return (COARSE[i >> 10] as number) * (FINE[i & 1023] as number) * rest;
}
