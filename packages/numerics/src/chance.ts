import { positionIn } from './position.ts';

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

/**
 * The chance that a forecast gives of more than `x`, at any distance: `chanceAbove` of the quantiles there. Between two rows they lie on a line,
 * before the first and after the last they are those of that row.
 *
 * @param levels as of `chanceAbove`
 * @param horizon distances of the rows, rising, such as steps ahead; at least one
 * @param quantiles row-major [horizon x levels], in the measure of `x`
 * @param ahead a distance, not always a whole one
 */
export function chanceAhead(
  levels: readonly number[],
  horizon: readonly number[],
  quantiles: ArrayLike<number>,
  ahead: number,
  x: number,
): number {
  const position = positionIn(horizon, ahead);
  const row = Math.floor(position);
  const share = position - row;
  const at = (index: number, column: number): number => quantiles[index * levels.length + column] as number;
  const quantile = (column: number): number => {
    const low = at(row, column);
    return share === 0 ? low : low + share * (at(row + 1, column) - low);
  };
  return chanceAbove(levels, quantile, x);
}
