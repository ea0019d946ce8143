import { type Forecast, LEVELS, type SamplePaths } from '@auspex/contracts';
import { normalQuantile, type SeededRandom } from '@auspex/numerics';
import type { Effect } from './track.ts';

const SCORES: readonly number[] = LEVELS.map(normalQuantile);
const MEDIAN = LEVELS.indexOf(0.5);
const COLUMNS = LEVELS.length;

/**
 * A forecast of demand without events, with their effects: the median times exp(effect), the other quantiles as far from it in log units as
 * two independent normal errors are together, their own and the effect's: sqrt(s^2 + sd^2) a normal score.
 *
 * @param effects by row of the horizon
 * @param floor rate added before logarithms are taken
 */
export function withEffects(forecast: Forecast, effects: readonly Effect[], floor: number): Forecast {
  const { quantiles } = forecast;
  const changed = quantiles.slice();
  for (const [row, { mean, variance }] of effects.entries()) {
    if (mean === 0 && variance === 0) continue;
    const at = row * COLUMNS;
    const median = quantiles[at + MEDIAN] as number;
    const factor = Math.exp(mean);
    let below = 0;
    for (let column = 0; column < COLUMNS; column++) {
      const q = quantiles[at + column] as number;
      below = Math.max(below, factor * widened(q, median, SCORES[column] as number, variance, floor));
      changed[at + column] = below;
    }
  }
  return { ...forecast, quantiles: changed };
}

function widened(q: number, median: number, score: number, variance: number, floor: number): number {
  if (score === 0 || variance === 0) return q;
  const own = Math.log((q + floor) / (median + floor)) / score;
  return Math.max(0, (median + floor) * Math.exp(score * Math.sqrt(own ** 2 + variance)) - floor);
}

/** Paths of demand without events, with their effects: one draw of the amplitude a path, since what is more at first stays more. */
export function pathsWithEffects(paths: SamplePaths, effects: readonly Effect[], random: SeededRandom): SamplePaths {
  const rows = paths.horizon.length;
  const rates = paths.rates.slice();
  const means = effects.map(({ mean }) => mean);
  const spreads = effects.map(({ variance }) => Math.sqrt(variance));
  for (let path = 0; path < paths.count; path++) {
    const score = random.normal();
    for (let row = 0; row < rows; row++) {
      const at = path * rows + row;
      rates[at] = (rates[at] as number) * Math.exp((means[row] as number) + score * (spreads[row] as number));
    }
  }
  return { ...paths, rates };
}
