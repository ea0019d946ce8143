import { LEVELS } from '@auspex/contracts';

/** Standard normal quantiles of LEVELS. */
const Z: readonly number[] = [-1.6449, -1.2816, -0.6745, 0, 0.6745, 1.2816, 1.6449, 2.3263];

/**
 * The forecast of last resort: what was seen last goes on, with a spread that grows with the square root of the time
 * ahead. What stands in when no predictor has an answer.
 *
 * @param last rate a second; undefined = nothing was seen yet, which forecasts zero
 */
export function persistence(last: number | undefined, horizon: readonly number[]): Float64Array {
  const quantiles = new Float64Array(horizon.length * LEVELS.length);
  const rate = last ?? 0;
  horizon.forEach((ahead, row) => {
    const spread = 0.1 * Math.sqrt(ahead);
    for (let column = 0; column < LEVELS.length; column++)
      quantiles[row * LEVELS.length + column] = rate * Math.exp(spread * (Z[column] as number));
  });
  return quantiles;
}
