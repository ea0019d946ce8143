import { DAY } from './memory.ts';

/** Parts of a day that have a spread of their own. */
const PARTS = 24;
/** Errors that the belief in an even spread counts as, and the half-life of what was seen, in errors of one part. */
const BELIEF = 200;
/** A part's spread is at least this share of the whole day's, and at most so many times as wide. */
const LEAST = 0.3;
const KEEP = 0.5 ** (1 / 400);

/** How the spread of errors depends on the local time of day: sums of absolute standardised errors and their counts. */
export interface Hours {
  readonly sums: Float64Array;
  readonly counts: Float64Array;
}

export function beginHours(): Hours {
  return { sums: new Float64Array(PARTS), counts: new Float64Array(PARTS) };
}

function partOf(local: number): number {
  return Math.floor((local - Math.floor(local / DAY) * DAY) / (DAY / PARTS));
}

/** Mean absolute error of the whole day; 0 = nothing was seen. */
export function meanError({ sums, counts }: Hours): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < PARTS; i++) {
    sum += sums[i] as number;
    count += counts[i] as number;
  }
  return sum > 0 ? sum / count : 0;
}

/**
 * Spread at the local time `local` relative to that of the whole day.
 * @param mean of `meanError`
 */
export function hourFactor({ sums, counts }: Hours, local: number, mean: number): number {
  if (mean === 0) return 1;
  const part = partOf(local);
  const factor = (BELIEF * mean + (sums[part] as number)) / ((BELIEF + (counts[part] as number)) * mean);
  return Math.max(LEAST, Math.min(1 / LEAST, factor));
}

/** Adds an error, in units of its horizon's scale. */
export function addHour({ sums, counts }: Hours, local: number, error: number): void {
  const part = partOf(local);
  sums[part] = KEEP * (sums[part] as number) + Math.min(6, Math.abs(error));
  counts[part] = KEEP * (counts[part] as number) + 1;
}
