/** The `p` quantile of rising values by linear interpolation (type 7 of Hyndman & Fan 1996). NaN of nothing. */
export function quantileSorted(sorted: ArrayLike<number>, p: number): number {
  if (sorted.length === 0) return Number.NaN;
  const position = p * (sorted.length - 1);
  const low = Math.floor(position);
  const below = sorted[low] as number;
  const above = sorted[Math.min(low + 1, sorted.length - 1)] as number;
  return below + (above - below) * (position - low);
}

/** Pinball loss of a quantile forecast `q` at level `p` for the outcome `y` (Koenker & Bassett 1978). */
export function pinball(y: number, q: number, p: number): number {
  return y >= q ? p * (y - q) : (1 - p) * (q - y);
}
