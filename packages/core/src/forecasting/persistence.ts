import { LEVELS } from '@auspex/contracts';

/** Standard normal quantiles of LEVELS. */
const Z: readonly number[] = [-1.6449, -1.2816, -0.6745, 0, 0.6745, 1.2816, 1.6449, 2.3263];

const factors = new WeakMap<readonly number[], Float64Array>();

/** exp(spread x z) for each step of a horizon and level; a horizon is one array for the life of its series. */
function factorsOf(horizon: readonly number[]): Float64Array {
  let known = factors.get(horizon);
  if (!known) {
    known = Float64Array.from({ length: horizon.length * LEVELS.length }, (_, i) => {
      const ahead = horizon[Math.floor(i / LEVELS.length)] as number;
      return Math.exp(0.1 * Math.sqrt(ahead) * (Z[i % LEVELS.length] as number));
    });
    factors.set(horizon, known);
  }
  return known;
}

/**
 * The forecast of last resort: what was seen last goes on, with a spread that grows with the square root of the time
 * ahead. What stands in when no predictor has an answer.
 *
 * @param last rate a second; undefined = nothing was seen yet, which forecasts zero
 */
export function persistence(last: number | undefined, horizon: readonly number[]): Float64Array {
  const rate = last ?? 0;
  return factorsOf(horizon).map((factor) => rate * factor);
}
