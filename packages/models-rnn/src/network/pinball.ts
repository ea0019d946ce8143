/**
 * Mean pinball loss (Koenker & Bassett 1978) of quantiles [N x Q] for targets [N]; NaN targets are left out.
 *
 * @param d receives the derivative of the mean by each quantile
 * @returns the mean; 0 when no target was observed
 */
export function pinballLoss(
  levels: readonly number[],
  quantiles: Float64Array,
  targets: ArrayLike<number>,
  count: number,
  d: Float64Array,
): number {
  const columns = levels.length;
  let seen = 0;
  for (let i = 0; i < count; i++) if (!Number.isNaN(targets[i] as number)) seen++;
  const weight = seen > 0 ? 1 / (seen * columns) : 0;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const y = targets[i] as number;
    for (let q = 0; q < columns; q++) {
      const at = i * columns + q;
      if (Number.isNaN(y)) {
        d[at] = 0;
        continue;
      }
      const p = levels[q] as number;
      const off = y - (quantiles[at] as number);
      sum += off >= 0 ? p * off : (p - 1) * off;
      d[at] = (off >= 0 ? -p : 1 - p) * weight;
    }
  }
  return sum * weight;
}
