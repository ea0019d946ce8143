import { hash32 } from './hash.ts';

/** Distinct keys that a tally keeps exactly. */
export const TALLY_CAP = 512;

/** Counts by key; see `Tally` in the contracts, whose shape this is. */
export interface Counts {
  level: number;
  counts: Map<string, number>;
  other: number;
}

export function emptyTally(): Counts {
  return { level: 0, counts: new Map(), other: 0 };
}

function level(key: string): number {
  const hash = hash32(key, 0x7a11);
  return hash === 0 ? 32 : 31 - Math.clz32(hash & -hash);
}

/** Raises the sampling level until the tally is within its cap. The final level depends on the set of keys alone. */
function shrink(tally: Counts, cap: number): void {
  while (tally.counts.size > cap && tally.level < 33) {
    tally.level++;
    for (const [key, count] of tally.counts) {
      if (level(key) >= tally.level) continue;
      tally.counts.delete(key);
      tally.other += count;
    }
  }
}

/** Adds `count` to `key`, in place. @param cap distinct keys that are kept; the same for all that is merged */
export function addTally(tally: Counts, key: string, count: number, cap = TALLY_CAP): void {
  const present = tally.counts.get(key);
  if (present !== undefined) {
    tally.counts.set(key, present + count);
  } else if (tally.level > 0 && level(key) < tally.level) {
    tally.other += count;
  } else {
    tally.counts.set(key, count);
    if (tally.counts.size > cap) shrink(tally, cap);
  }
}

/** Samples at least as coarsely as `to` from now on: what another tally has left out cannot be counted here. */
function coarsen(tally: Counts, to: number): void {
  if (tally.level >= to) return;
  tally.level = to;
  for (const [key, count] of tally.counts) {
    if (level(key) >= to) continue;
    tally.counts.delete(key);
    tally.other += count;
  }
}

/** Adds all of `from`, in place. @param cap as of `addTally` */
export function joinTally(into: Counts, from: Counts, cap = TALLY_CAP): void {
  into.other += from.other;
  coarsen(into, from.level);
  for (const [key, count] of from.counts) addTally(into, key, count, cap);
}

/** The sum of two tallies, as a new one. */
export function mergeTally(a: Counts, b: Counts): Counts {
  const sum = emptyTally();
  joinTally(sum, a);
  joinTally(sum, b);
  return sum;
}
