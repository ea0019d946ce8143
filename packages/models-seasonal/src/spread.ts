/** Errors kept for each horizon. */
export const KEPT = 256;
/** Errors that the starting belief counts for: in the scale, and in the shape. */
const SCALE_BELIEF = 6;
const SHAPE_BELIEF = 24;
/** Mean absolute value of a standard normal. */
const MEAN_ABSOLUTE = Math.sqrt(2 / Math.PI);
/** A constant series must not shrink its scale to nothing and call the first change a thousand scales. */
const LEAST_SCALE = 1e-3;
const MOST_SCALES = 12;

/**
 * Errors of the forecasts that were made for one horizon (log units), divided by the scale that was known when each was
 * due. The scale follows bursts within a day; the shape is that of the last 256 errors.
 */
export interface Spread {
  /** Mean absolute error over about 24 and 400 errors; a belief at the start. */
  fast: number;
  slow: number;
  /** Errors seen. */
  count: number;
  /** Standardised errors in the order they came, modulo `KEPT`, and the same in rising order. */
  readonly ring: Float32Array;
  readonly sorted: Float32Array;
}

export function beginSpread(belief: number): Spread {
  return { fast: belief, slow: belief, count: 0, ring: new Float32Array(KEPT), sorted: new Float32Array(KEPT) };
}

/** The present scale: geometric mean of the fast and slow mean absolute errors. */
export function scaleOf(spread: Spread): number {
  return Math.sqrt(spread.fast * spread.slow);
}

function lowerBound(sorted: Float32Array, size: number, value: number): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Adds one error, log units. */
export function addError(spread: Spread, error: number): void {
  const { ring, sorted } = spread;
  const slot = spread.count % KEPT;
  const size = Math.min(spread.count, KEPT);
  // The slot of the oldest is given to the newest; below capacity the room behind the last is.
  const out = size === KEPT ? lowerBound(sorted, size, ring[slot] as number) : size;
  ring[slot] = Math.max(-MOST_SCALES, Math.min(MOST_SCALES, error / scaleOf(spread)));
  const value = ring[slot] as number;
  const place = lowerBound(sorted, size, value);
  if (place > out) {
    sorted.copyWithin(out, out + 1, place);
    sorted[place - 1] = value;
  } else {
    sorted.copyWithin(place + 1, place, out);
    sorted[place] = value;
  }
  spread.count++;
  const share = 1 / (spread.count + SCALE_BELIEF);
  const distance = Math.max(Math.abs(error), LEAST_SCALE);
  spread.slow += Math.max(share, 1 / 400) * (distance - spread.slow);
  spread.fast += Math.max(share, 1 / 24) * (Math.min(distance, 6 * spread.slow) - spread.fast);
}

/** Adds `weight` times the error's quantiles now, log units, to `out`; `normal` are the standard normal quantiles of `levels`. */
export function addQuantiles(
  spread: Spread,
  levels: readonly number[],
  normal: readonly number[],
  weight: number,
  out: Float64Array,
): void {
  const { sorted } = spread;
  const size = Math.min(spread.count, KEPT);
  const share = size / (size + SHAPE_BELIEF);
  const scale = weight * scaleOf(spread);
  for (let i = 0; i < levels.length; i++) {
    const position = (levels[i] as number) * (size - 1);
    const low = Math.floor(position);
    const below = size > 0 ? (sorted[low] as number) : 0;
    const above = low + 1 < size ? (sorted[low + 1] as number) : below;
    const seen = below + (above - below) * (position - low);
    out[i] = (out[i] as number) + scale * (share * seen + (1 - share) * ((normal[i] as number) / MEAN_ABSOLUTE));
  }
}

/** The rising order, after the ring was read back. */
export function sortErrors(spread: Spread): void {
  const size = Math.min(spread.count, KEPT);
  spread.sorted.set(spread.ring.slice(0, size).sort());
}
