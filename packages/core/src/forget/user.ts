import type { Tally, Usage } from '@auspex/contracts';
import { sourceKey } from '../usage/accumulate.ts';
import { hashUnder } from '../users/hash.ts';
import { type DayKeys, KeyChain } from '../users/keys.ts';

const DAY_MS = 86_400_000;
/** Where keys come from a seed all days' are known: profiles hold users of the last days alone. */
const RECENT_DAYS = 40;

/** One user's hashes, under all keys that are known still. */
export class UserTrace {
  readonly user: string;
  readonly #keys: DayKeys;
  readonly #byDay = new Map<number, number>();

  constructor(user: string, keys: DayKeys) {
    this.user = user;
    this.#keys = keys;
  }

  #of(day: number): number {
    let hash = this.#byDay.get(day);
    if (hash === undefined) {
      hash = hashUnder(this.#keys.of(day), this.user);
      this.#byDay.set(day, hash);
    }
    return hash;
  }

  /** Oldest day whose key is known; -Infinity where all are. */
  get oldest(): number {
    return this.#keys instanceof KeyChain ? this.#keys.base.day : Number.NEGATIVE_INFINITY;
  }

  /** Hashes that states may hold once time has come to `next` (epoch ms). */
  until(next: number): Set<number> {
    const hashes = new Set<number>();
    const last = Math.floor(next / DAY_MS) + 2;
    for (let day = Math.max(this.oldest, last - RECENT_DAYS); day <= last; day++) hashes.add(this.#of(day));
    return hashes;
  }

  /**
   * Takes the user out of a usage, in place.
   *
   * @returns whether the usage has changed, and `merged` where the users are in registers, which lose nobody, and the key that the user would be
   * found with is known
   */
  removeFrom({ step, users, sources }: Usage): { readonly removed: boolean; readonly merged: boolean } {
    // Wherever the group lives, its local day is that of UTC or one beside it.
    const day = Math.floor(step / DAY_MS);
    let removed = false;
    for (const each of [day - 1, day, day + 1]) {
      const hash = this.#of(each);
      if ('hashes' in users) removed = users.hashes.delete(hash) || removed;
      removed = loseSource(sources, hash) || removed;
    }
    return { removed, merged: 'registers' in users && day + 1 >= this.oldest };
  }
}

/** Requests of the source stay, as those of nobody. */
function loseSource(sources: Tally, hash: number): boolean {
  const key = sourceKey(hash);
  const count = sources.counts.get(key);
  if (count === undefined) return false;
  sources.counts.delete(key);
  sources.other += count;
  return true;
}
