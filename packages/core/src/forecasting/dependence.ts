import { LEVELS } from '@auspex/contracts';
import { normalQuantile } from '@auspex/numerics';

/** Vectors that are kept. */
export const KEPT_VECTORS = 128;
/** Vectors in flight: of each horizon so many origins are kept that they overlap four times. */
const OVERLAP = 4;
const SLOTS = KEPT_VECTORS + OVERLAP + 1;
/** Places are kept as standard normal scores within ±FURTHEST, in so many parts: tails need telling apart too. 0 = not known yet. */
const FURTHEST = 8;
const PARTS = 65_534;

/**
 * Where past outcomes fell inside what was forecast for them, one vector an origin over its whole horizon: the dependence over time that
 * sample paths borrow (Clark et al. 2004, the Schaake shuffle). Origins a quarter of the horizon apart: nearer ones say nearly the same.
 */
export interface Dependence {
  /** Origins by slot, in steps since the epoch; -1 = empty. */
  readonly origins: Float64Array;
  /** Normal scores of the outcomes' probability integral transforms, in parts, row-major [slot x horizon]. */
  readonly places: Uint16Array;
}

export function beginDependence(rows: number): Dependence {
  return { origins: new Float64Array(SLOTS).fill(-1), places: new Uint16Array(SLOTS * rows) };
}

/** Is an origin one of those that are kept? */
export function isKept(horizon: readonly number[], origin: number): boolean {
  return origin % strideOf(horizon) === 0;
}

/** Steps between origins that are kept. */
function strideOf(horizon: readonly number[]): number {
  return Math.ceil((horizon.at(-1) as number) / OVERLAP);
}

/**
 * Learns from one matured row.
 *
 * @param origin when it was forecast, in steps since the epoch
 * @param row index of the horizon
 * @param quantiles what was forecast, corrected, from `at` on
 */
export function learnDependence(
  { origins, places }: Dependence,
  horizon: readonly number[],
  origin: number,
  row: number,
  quantiles: ArrayLike<number>,
  at: number,
  y: number,
): void {
  const stride = strideOf(horizon);
  if (origin % stride !== 0) return;
  const slot = (origin / stride) % SLOTS;
  const rows = horizon.length;
  if (origins[slot] !== origin) {
    // An outcome of an origin that has lost its slot comes too late.
    if ((origins[slot] as number) > origin) return;
    origins[slot] = origin;
    places.fill(0, slot * rows, (slot + 1) * rows);
  }
  const score = normalQuantile(Math.max(1e-15, Math.min(1 - 1e-15, placeOf(quantiles, at, y))));
  places[slot * rows + row] = 1 + Math.round((PARTS - 1) * ((score + FURTHEST) / (2 * FURTHEST)));
}

/** The vectors that are whole, each `horizon.length` normal scores, one after the other. */
export function wholeVectors({ origins, places }: Dependence, rows: number): Float64Array {
  const whole: number[] = [];
  for (let slot = 0; slot < origins.length; slot++) {
    if ((origins[slot] as number) < 0) continue;
    const vector = places.subarray(slot * rows, (slot + 1) * rows);
    if (!vector.includes(0)) for (const place of vector) whole.push(((place - 1) / (PARTS - 1)) * 2 * FURTHEST - FURTHEST);
  }
  return Float64Array.from(whole);
}

const LAST = LEVELS.length - 1;

/** Probability below `y` by a row of quantiles: linear between levels, exponential tails beyond them. Inside (0, 1). */
function placeOf(quantiles: ArrayLike<number>, at: number, y: number): number {
  let low = quantiles[at] as number;
  if (y < low) return (LEVELS[0] as number) * Math.exp((y - low) / ((quantiles[at + 2] as number) - low + 1e-12));
  for (let column = 0; column < LAST; column++) {
    const high = quantiles[at + column + 1] as number;
    const level = LEVELS[column] as number;
    if (y < high) return level + ((LEVELS[column + 1] as number) - level) * ((y - low) / (high - low));
    low = high;
  }
  return 1 - (1 - (LEVELS[LAST] as number)) * Math.exp((low - y) / (low - (quantiles[at + LAST - 1] as number) + 1e-12));
}
