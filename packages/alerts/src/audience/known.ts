import type { DistinctSketch } from '@auspex/contracts';
import { countDistinct, emptyDistinct, mergeDistinct } from '@auspex/numerics';

/** Steps after which how many users are new counts half: it falls over the day. */
const MEMORY = 30;
/** Users of a day before anybody can be called new to it. */
const FEWEST = 30;

/** Who was there today. Users' hashes change at the local midnight, so nobody is known longer. Data. */
export interface Known {
  /** Days since the epoch, of the local time; NaN = none yet. */
  day: number;
  users: DistinctSketch;
  /** Users of ordinary steps of this day that had not been there, and all users of those steps; those long past count less. */
  fresh: number;
  of: number;
}

export function emptyKnown(day = Number.NaN): Known {
  return { day, users: emptyDistinct(), fresh: 0, of: 0 };
}

/** Of these users, how many have not been there today? */
export function freshOf(known: Known, users: DistinctSketch): number {
  return Math.max(0, countDistinct(mergeDistinct(known.users, users)) - countDistinct(known.users));
}

/** Learns the users of a step that is no surge. */
export function meet(known: Known, users: DistinctSketch): void {
  const keep = 0.5 ** (1 / MEMORY);
  const count = countDistinct(users);
  known.fresh = keep * known.fresh + Math.min(count, freshOf(known, users));
  known.of = keep * known.of + count;
  welcome(known, users);
}

/** They are known from now on. */
export function welcome(known: Known, users: DistinctSketch): void {
  known.users = mergeDistinct(known.users, users);
}

/** Share of a step's users that are usually new; undefined = it is too early in the day to say. */
export function usualFresh(known: Known): number | undefined {
  return countDistinct(known.users) < FEWEST || known.of === 0 ? undefined : known.fresh / known.of;
}
