import type { UsageEvent } from '@auspex/contracts';
import { finalise } from '@auspex/numerics';

/** Buckets of the usage mix. */
export const BUCKETS = 16;
/** Dimensions of a user: the mix, how much, and when in the day (two). */
export const DIMENSIONS = BUCKETS + 3;

/** What a tenfold rate is worth against a mix that is wholly different (squared distance 2). */
const MUCH = 0.4;
/** The same for users of noon against users of midnight. */
const WHEN = 0.4;
/** Longest part of a text that is looked at, characters. */
const LONGEST = 100;
const SLASH = 47;

/** The bucket of what an event asked for: its feature, else the first segment of its resource, and its kind. */
export function bucketOf({ kind, feature, resource }: UsageEvent): number {
  // FNV-1a over the text in place: nothing is cut out, since this runs for every event.
  let hash = 0x811c9dc5;
  for (let i = 0; i < kind.length && i < LONGEST; i++) hash = Math.imul(hash ^ kind.charCodeAt(i), 0x01000193);
  const what = feature || resource || '';
  // A feature is taken whole.
  const ends = feature ? -1 : SLASH;
  for (let i = what.charCodeAt(0) === ends ? 1 : 0; i < what.length && i < LONGEST; i++) {
    const code = what.charCodeAt(i);
    if (code === ends) break;
    hash = Math.imul(hash ^ code, 0x01000193);
  }
  return finalise(hash) % BUCKETS;
}

/** Cosine and sine of the time of day, by quarters of an hour. */
export const QUARTERS = 96;
export const COS = Float64Array.from({ length: QUARTERS }, (_, n) => Math.cos((2 * Math.PI * (n + 0.5)) / QUARTERS));
export const SIN = Float64Array.from({ length: QUARTERS }, (_, n) => Math.sin((2 * Math.PI * (n + 0.5)) / QUARTERS));

/**
 * Writes a user as a point: the square roots of the shares of the mix, whose Euclidean distance is Hellinger's; the logarithm of
 * events a day; the mean direction of the time of day.
 *
 * @param mix weights by bucket, then the sums of cosine and sine of the time of day
 * @param days over which they were gathered, decayed as they are
 */
export function toPoint(mix: Float32Array, at: number, days: number, into: Float64Array): void {
  let total = 0;
  for (let i = 0; i < BUCKETS; i++) total += mix[at + i] as number;
  const scale = total > 0 ? 1 / total : 0;
  for (let i = 0; i < BUCKETS; i++) into[i] = Math.sqrt((mix[at + i] as number) * scale);
  into[BUCKETS] = MUCH * Math.log10(1 + total / Math.max(1, days));
  into[BUCKETS + 1] = WHEN * (mix[at + BUCKETS] as number) * scale;
  into[BUCKETS + 2] = WHEN * (mix[at + BUCKETS + 1] as number) * scale;
}
