import type { Tally } from '@auspex/contracts';
import { hash32, mergeTally } from '@auspex/numerics';

/** Names are as long as clients like. */
const LONGEST = 64;

/** How much there was of each key, what is long past counting less. As a tally, but of weights, and of a few keys: what is no key of its own is in `other`. */
export type Weights = Tally;

export function emptyWeights(): Weights {
  return { level: 0, counts: new Map(), other: 0 };
}

/** A key as it is kept. */
export function keyOf(name: string): string {
  return name.length <= LONGEST ? name : `${name.slice(0, LONGEST - 9)}~${hash32(name).toString(16).padStart(8, '0')}`;
}

/** Counts by keys as they are kept; the same object where no name is too long. */
export function keyed(tally: Tally): Tally {
  let isLong = false;
  for (const name of tally.counts.keys()) isLong ||= name.length > LONGEST;
  if (!isLong) return tally;
  const counts = new Map<string, number>();
  for (const [name, count] of tally.counts) counts.set(keyOf(name), (counts.get(keyOf(name)) ?? 0) + count);
  return { ...tally, counts };
}

/**
 * Two tallies of the same sampling level: a key that one keeps and the other leaves to chance would seem to come and go.
 *
 * @returns the counts as they are where nothing is to be done
 */
export function atLevel(tally: Tally, level: number): Tally {
  return tally.level >= level ? tally : mergeTally(tally, { level, counts: new Map(), other: 0 });
}

export function totalOf({ counts, other }: Tally): number {
  let sum = other;
  for (const count of counts.values()) sum += count;
  return sum;
}

/**
 * Adds counts to what is usual, in place. Both are of one level, by keys as they are kept.
 *
 * @param keep share of what was known that is kept
 * @param most keys; the lightest go to `other`
 */
export function addWeights(weights: Weights, { counts, other }: Tally, keep: number, by: number, most: number): void {
  weights.other = keep * weights.other + by * other;
  for (const [key, weight] of weights.counts) weights.counts.set(key, keep * weight);
  for (const [key, count] of counts) weights.counts.set(key, (weights.counts.get(key) ?? 0) + by * count);
  if (weights.counts.size <= most * 1.25) return;
  // Equal weights are told apart by their keys, so that the order of arrival does not matter.
  const lightest = [...weights.counts].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1)).slice(0, weights.counts.size - most);
  for (const [key, weight] of lightest) {
    weights.counts.delete(key);
    weights.other += weight;
  }
}
