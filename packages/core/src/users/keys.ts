import { createHmac, hash, randomBytes } from 'node:crypto';

/** Kept apart from every other use of these functions. */
const LABEL = 'auspex/users/';
/** Days between keys that a walk along the chain leaves behind, so that the next one need not begin at the base. */
const MARK_DAYS = 64;

/** Keys that users are hashed with, one a day (days since the epoch). */
export interface DayKeys {
  of(day: number): Uint8Array;
}

/** The oldest day whose key is known, and that key. */
export interface KeyBase {
  readonly day: number;
  readonly key: Uint8Array;
}

/**
 * Keys in a one-way chain: each day's is the hash of the one of the day before. Who has the key of a day has those of all later
 * days, and of none before it: once the base has moved on, nobody can hash as it was hashed before.
 */
export class KeyChain implements DayKeys {
  #base: KeyBase;
  readonly #known = new Map<number, Uint8Array>();

  constructor(base: KeyBase) {
    this.#base = base;
  }

  get base(): KeyBase {
    return this.#base;
  }

  /** The day's key; days before the base have the base's. */
  of(day: number): Uint8Array {
    if (day <= this.#base.day) return this.#base.key;
    const known = this.#known.get(day);
    if (known) return known;
    let at = this.#base.day;
    let { key } = this.#base;
    for (const [before, marked] of this.#known) {
      if (before > day || before <= at) continue;
      at = before;
      key = marked;
    }
    // One buffer for all of a walk: from the first day to the present there are some twenty thousand.
    const buffer = Buffer.concat([Buffer.from(LABEL), key]);
    const tail = buffer.subarray(LABEL.length);
    while (at < day) {
      tail.set(hash('sha256', buffer, 'buffer'));
      at++;
      if (at === day || at % MARK_DAYS === 0) {
        key = new Uint8Array(tail);
        this.#known.set(at, key);
      }
    }
    return key;
  }

  /** The base as it would be at `day`; undefined where that is no later one. */
  baseAt(day: number): KeyBase | undefined {
    return day > this.#base.day ? { day, key: this.of(day) } : undefined;
  }

  /** Forgets the keys of all days before the base that is given. */
  advance(base: KeyBase): void {
    this.#base = base;
    for (const day of this.#known.keys()) if (day <= base.day) this.#known.delete(day);
  }
}

/** A chain that nobody chose, from the first day on: whichever instance makes it, all shards count from the same. */
export function newBase(): KeyBase {
  return { day: 0, key: new Uint8Array(randomBytes(32)) };
}

/** Keys from a seed alone, for a replay: there is nothing to protect in what a seed repeats. */
export function seededKeys(seed: string | number): DayKeys {
  return { of: (day) => createHmac('sha256', `${LABEL}${seed}`).update(String(day)).digest() };
}
