import { LEVELS } from '@auspex/contracts';

/** No rate that a machine serves; beyond it single precision ends. */
const MOST = 1e30;

/** What is wrong with a predictor's answer, or undefined. Crossing quantiles are put in order, not refused: a rounding is no failure. */
export function checkQuantiles(quantiles: Float64Array | undefined, rows: number): string | undefined {
  if (!(quantiles instanceof Float64Array)) return 'returned no quantiles';
  const columns = LEVELS.length;
  if (quantiles.length !== rows * columns)
    return `returned ${quantiles.length} quantiles where ${rows} steps x ${columns} levels were asked`;
  for (let row = 0; row < rows; row++) {
    const first = row * columns;
    let below = 0;
    // One comparison a value, for this runs for every series and step: NaN is not above anything either.
    for (let index = first; index < first + columns; index++) {
      const value = quantiles[index] as number;
      if (value >= below) below = value;
      else if (value >= 0) quantiles[index] = below;
      else return Number.isNaN(value) ? `returned NaN at step ${row}` : `returned the negative rate ${value} at step ${row}`;
    }
    if (below > MOST) return `returned ${below} at step ${row}, which is no rate`;
  }
  return undefined;
}
