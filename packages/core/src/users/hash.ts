import { createHmac } from 'node:crypto';
import type { Usage } from '@auspex/contracts';
import { type Zone, zone } from '@auspex/numerics';
import type { DayKeys } from './keys.ts';

const DAY_MS = 86_400_000;
/** Hashes remembered for each key: a client comes back many times, and an HMAC costs a microsecond. */
const REMEMBERED = 65_536;
/** Keys whose hashes are remembered: on both sides of a midnight, and a late one. */
const REMEMBERED_DAYS = 3;

/** What a user's hash depends on, besides the user: the local day of the step, where the group lives. */
export type HashedUsage = Pick<Usage, 'step' | 'group' | 'pop'>;

/** Hashes under one key. */
class DayHash {
  readonly #key: Uint8Array;
  readonly #known = new Map<string, number>();

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  of(user: string): number {
    let hash = this.#known.get(user);
    if (hash === undefined) {
      hash = hashUnder(this.#key, user);
      if (this.#known.size >= REMEMBERED) this.#known.clear();
      this.#known.set(user, hash);
    }
    return hash;
  }
}

/** What is remembered of one zone: the step that was asked for last. */
interface ZoneDay {
  readonly zone: Zone;
  step: number;
  hash: DayHash;
}

/** The 32-bit hash of a user under a key: HMAC-SHA-256 (RFC 2104), cut. */
export function hashUnder(key: Uint8Array, user: string): number {
  return createHmac('sha256', key).update(user).digest().readUInt32LE(0);
}

/**
 * 32-bit keyed hashes of users, with another key every local day: good for counting the users of a day, and of no use to whoever
 * has the counts without the day's key.
 */
export class UserHash {
  readonly #keys: DayKeys;
  readonly #zoneOf: (group: string, pop: string) => string;
  readonly #days = new Map<number, DayHash>();
  readonly #zones = new Map<string, ZoneDay>();
  #lastZone = '';
  #last: ZoneDay | undefined;

  /** @param zoneOf the zone in which a group lives */
  constructor(keys: DayKeys, zoneOf: (group: string, pop: string) => string) {
    this.#keys = keys;
    this.#zoneOf = zoneOf;
  }

  /** Runs for every event of a user. */
  of(user: string, usage: HashedUsage): number {
    const id = this.#zoneOf(usage.group, usage.pop);
    let at = id === this.#lastZone ? this.#last : this.#zones.get(id);
    if (at === undefined || at.step !== usage.step) at = this.#turn(id, at, usage.step);
    this.#lastZone = id;
    this.#last = at;
    return at.hash.of(user);
  }

  #turn(id: string, present: ZoneDay | undefined, step: number): ZoneDay {
    const of = present?.zone ?? zone(id);
    const hash = this.#day(Math.floor(of.toLocal(step) / DAY_MS));
    if (present === undefined) {
      const made = { zone: of, step, hash };
      this.#zones.set(id, made);
      return made;
    }
    present.step = step;
    present.hash = hash;
    return present;
  }

  #day(day: number): DayHash {
    let hash = this.#days.get(day);
    if (!hash) {
      hash = new DayHash(this.#keys.of(day));
      for (const oldest of this.#days.keys()) {
        if (this.#days.size < REMEMBERED_DAYS) break;
        this.#days.delete(oldest);
      }
      this.#days.set(day, hash);
    }
    return hash;
  }

  /** Remembers nothing more: keys have changed. */
  clear(): void {
    this.#days.clear();
    this.#zones.clear();
    this.#last = undefined;
    this.#lastZone = '';
  }
}
