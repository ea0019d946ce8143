import { LEVELS } from '@auspex/contracts';

/** What is wrong with a predictor's answer, or undefined. Crossing quantiles are put in order, not refused: a rounding is no failure. */
export function checkQuantiles(quantiles: Float64Array, rows: number): string | undefined {
  const columns = LEVELS.length;
  if (quantiles.length !== rows * columns)
    return `returned ${quantiles.length} quantiles where ${rows} steps x ${columns} levels were asked`;
  for (let row = 0; row < rows; row++) {
    let below = 0;
    for (let column = 0; column < columns; column++) {
      const index = row * columns + column;
      const value = quantiles[index] as number;
      if (!Number.isFinite(value)) return `returned ${value} at step ${row}`;
      if (value < 0) return `returned the negative rate ${value} at step ${row}`;
      if (value < below) quantiles[index] = below;
      else below = value;
    }
  }
  return undefined;
}
