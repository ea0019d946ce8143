import { type Forecast, LEVELS, type SamplePaths } from '@auspex/contracts';
import { normalQuantile, type SeededRandom } from '@auspex/numerics';
import { type Dependence, wholeVectors } from './dependence.ts';

/** Paths that are drawn where nothing else is asked. */
export const PATHS = 256;
/** Past vectors that the belief of a random walk counts as. */
const BELIEF = 12;
/** Normal scores within which copies of one past vector are put in order by chance. */
const JITTER = 0.01;
/** Furthest that a tail is drawn beyond the outer levels, in standard normal scores. */
const FURTHEST = 3.2;

/**
 * Seeded paths of a forecast by the Schaake shuffle (Clark et al. 2004, J. Hydrometeorology 5): each row's draws are an even spread over
 * its quantiles, put in the order that past vectors of outcomes had. While few vectors are known a random walk's order fills in.
 *
 * @param forecast its rows are kept as they are: whatever the order, a row's draws have its quantiles
 * @param dependence undefined = the random walk alone
 */
export function samplePaths(forecast: Forecast, dependence: Dependence | undefined, random: SeededRandom, count = PATHS): SamplePaths {
  const { series, origin, stepMs, horizon, quantiles } = forecast;
  const rows = horizon.length;
  const scores = orderScores(horizon, dependence ? wholeVectors(dependence, rows) : new Float64Array(0), random, count);
  const rates = new Float64Array(count * rows);
  const order = Array.from({ length: count }, (_, path) => path);
  for (let row = 0; row < rows; row++) {
    order.sort((a, b) => (scores[a * rows + row] as number) - (scores[b * rows + row] as number) || a - b);
    const draw = quantileReader(quantiles, row * LEVELS.length);
    for (let rank = 0; rank < count; rank++) rates[(order[rank] as number) * rows + row] = draw((rank + random.next()) / count);
  }
  return { series, origin, stepMs, horizon, count, rates };
}

/** By path and row: normal scores whose order within a row is the order that its draws take. */
function orderScores(horizon: readonly number[], vectors: Float64Array, random: SeededRandom, count: number): Float64Array {
  const rows = horizon.length;
  const known = vectors.length / rows;
  const borrowed = Math.round((count * known) / (known + BELIEF));
  const scores = new Float64Array(count * rows);
  for (let path = 0; path < count; path++) {
    if (path < borrowed) {
      // Each vector serves as often as the others; its copies lie side by side, in an order that chance gives.
      const from = (path % known) * rows;
      for (let row = 0; row < rows; row++) scores[path * rows + row] = (vectors[from + row] as number) + JITTER * (random.next() - 0.5);
      continue;
    }
    let z = random.normal();
    scores[path * rows] = z;
    for (let row = 1; row < rows; row++) {
      const kept = (horizon[row - 1] as number) / (horizon[row] as number);
      z = Math.sqrt(kept) * z + Math.sqrt(1 - kept) * random.normal();
      scores[path * rows + row] = z;
    }
  }
  return scores;
}

const SCORES: readonly number[] = LEVELS.map(normalQuantile);

/** The quantile function of one row: linear over normal scores, the outer pieces going on beyond the outer levels. */
function quantileReader(quantiles: Float64Array, at: number): (probability: number) => number {
  return (probability) => {
    const z = Math.max(-FURTHEST, Math.min(FURTHEST, normalQuantile(Math.min(1 - 1e-9, Math.max(1e-9, probability)))));
    let column = 1;
    while (column < SCORES.length - 1 && z > (SCORES[column] as number)) column++;
    const [z0, z1] = [SCORES[column - 1] as number, SCORES[column] as number];
    const [low, high] = [quantiles[at + column - 1] as number, quantiles[at + column] as number];
    return Math.max(0, low + ((z - z0) / (z1 - z0)) * (high - low));
  };
}
