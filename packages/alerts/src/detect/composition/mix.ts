import type { Tally } from '@auspex/contracts';
import { hash32, mergeTally } from '@auspex/numerics';

/** Names are as long as clients like. */
const LONGEST = 64;
/** Weight below which it does not matter what a key has missed. */
const TRIFLE = 0.01;

/**
 * How much there was of each key, what is long past counting less. As a tally, but of weights, and of a few keys: what is no key of its own is in `other`.
 * A key that was none for a time had more than its weight: how much more at most is kept, as in Space-Saving (Metwally, Agrawal & El Abbadi 2005).
 */
export interface Weights extends Tally {
  /** Most that a key which is none of its own may have in `other`. */
  lost: number;
  /** By key that was admitted since: most that it has there. */
  readonly missed: Map<string, number>;
}

export function emptyWeights(): Weights {
  return { level: 0, counts: new Map(), other: 0, lost: 0, missed: new Map() };
}

/** Most that a key has beside its own count. Counts of a step are whole. */
export function missing(counts: Tally | Weights, key: string): number {
  if (!('lost' in counts) || counts.lost === 0) return 0;
  return counts.counts.has(key) ? (counts.missed.get(key) ?? 0) : counts.lost;
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

/** The same of weights, with what is known of the keys that stay. */
export function weightsAt(weights: Weights, level: number): Weights {
  const { counts, ...rest } = atLevel(weights, level);
  return { ...rest, counts, lost: weights.lost, missed: new Map([...weights.missed].filter(([key]) => counts.has(key))) };
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
  weights.lost *= keep;
  fade(weights, keep);
  for (const [key, count] of counts) {
    const weight = weights.counts.get(key);
    if (weight === undefined && weights.lost > 0) weights.missed.set(key, weights.lost);
    weights.counts.set(key, (weight ?? 0) + by * count);
  }
  if (weights.counts.size <= most * 1.25) return;
  // Equal weights are told apart by their keys, so that the order of arrival does not matter.
  const lightest = [...weights.counts].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1)).slice(0, weights.counts.size - most);
  for (const [key, weight] of lightest) {
    weights.lost = Math.max(weights.lost, weight + (weights.missed.get(key) ?? 0));
    weights.counts.delete(key);
    weights.missed.delete(key);
    weights.other += weight;
  }
}

function fade({ counts, missed }: Weights, keep: number): void {
  for (const [key, weight] of counts) counts.set(key, keep * weight);
  for (const [key, weight] of missed) {
    if (weight < TRIFLE) missed.delete(key);
    else missed.set(key, keep * weight);
  }
}
