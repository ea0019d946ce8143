/** Values without spread. */
const SHARP = 1e-12;

/**
 * The chance to be above `x`, by quantiles: between levels a line in the logarithm of the chance, so that beyond the last the same line goes
 * on (an exponential tail); below the first it fades to 1. Where the outer quantiles coincide the tail is as wide as the last that differ.
 *
 * @param levels rising, inside (0, 1)
 * @param quantile the quantile at each of the levels, by its index; rising
 */
export function chanceAbove(levels: readonly number[], quantile: (index: number) => number, x: number): number {
  const last = levels.length - 1;
  const survival = (index: number): number => Math.log(1 - (levels[index] as number));
  const first = quantile(0);
  if (x < first) return 1 - (levels[0] as number) * Math.exp((x - first) / Math.max(SHARP, quantile(1) - first));
  let low = first;
  for (let index = 0; index < last; index++) {
    const high = quantile(index + 1);
    if (x < high) return Math.exp(survival(index) + ((x - low) / (high - low)) * (survival(index + 1) - survival(index)));
    low = high;
  }
  let inner = last - 1;
  while (inner > 0 && quantile(inner) === low) inner--;
  const slope = (survival(inner) - survival(last)) / Math.max(SHARP, low - quantile(inner));
  return Math.exp(survival(last) - slope * (x - low));
}
