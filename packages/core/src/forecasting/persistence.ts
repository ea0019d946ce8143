import { LEVELS } from '@auspex/contracts';
import { normalQuantile } from '@auspex/numerics';
import type { Gate } from './gate.ts';

const SCORES: readonly number[] = LEVELS.map(normalQuantile);
/** Mean absolute value of a standard normal. */
const MEAN_ABSOLUTE = Math.sqrt(2 / Math.PI);
/** Spread of one step where none has been seen, log units; it grows with the square root of the time ahead. */
const BELIEF = 0.1;
/** A factor of 20: further is no forecast. */
const MOST_SPREAD = 3;

/**
 * The forecast of last resort: what was seen last goes on, spread as far as the last value was off in the past. What stands in when no
 * predictor has an answer, or when their answers have been worse than this.
 *
 * @param last rate a second; undefined = nothing was seen yet, which forecasts zero
 * @param gate knows how far the last value was off, by row
 * @param floor rate added before logarithms are taken
 */
export function persistence(
  last: number | undefined,
  horizon: readonly number[],
  { spread, seen }: Pick<Gate, 'spread' | 'seen'>,
  floor: number,
): Float64Array {
  const quantiles = new Float64Array(horizon.length * LEVELS.length);
  if (last === undefined) return quantiles;
  let index = 0;
  for (const [row, ahead] of horizon.entries()) {
    // The belief counts as one outcome.
    const count = seen[row] as number;
    const deviation = (BELIEF * Math.sqrt(ahead) + count * ((spread[row] as number) / MEAN_ABSOLUTE)) / (1 + count);
    let below = 0;
    for (const z of SCORES) {
      const error = Math.max(-MOST_SPREAD, Math.min(MOST_SPREAD, deviation * z));
      below = Math.max(below, z === 0 ? last : (last + floor) * Math.exp(error) - floor);
      quantiles[index++] = below;
    }
  }
  return quantiles;
}
