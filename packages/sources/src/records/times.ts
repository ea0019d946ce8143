import { AuspexError } from '@auspex/contracts';
import { type Zone, zone } from '@auspex/numerics';

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/i;
const EPOCH = /^-?\d+(?:\.\d+)?$/;
/** Epoch numbers from here on are milliseconds: as seconds they would lie after the year 5000. */
const MILLISECONDS_FROM = 1e11;

/** What a time says: an instant, or two when the wall clock showed it twice; text when there is none. */
export type Instants = number | readonly [number, number] | string;

/** Reads times as text or numbers. The last text is kept, since rows of one time follow each other. */
export class TimeReader {
  readonly #zone: Zone | undefined;
  readonly #unit: 's' | 'ms' | undefined;
  #text = '';
  #known: Instants = 'no time';

  /** @throws AuspexError ZONE_UNKNOWN */
  constructor(zoneId: string | undefined, unit: 's' | 'ms' | undefined) {
    this.#unit = unit;
    try {
      this.#zone = zoneId === undefined ? undefined : zone(zoneId);
    } catch (cause) {
      throw new AuspexError('ZONE_UNKNOWN', `there is no zone "${zoneId}"`, { path: 'zone', cause });
    }
  }

  /**
   * @param where file and line, called only for an error
   * @throws AuspexError ZONE_MISSING on a local time when no zone was given
   */
  read(text: string, where: () => string): Instants {
    if (text === this.#text) return this.#known;
    const known = this.#read(text.trim(), where);
    this.#text = text;
    this.#known = known;
    return known;
  }

  #read(text: string, where: () => string): Instants {
    if (EPOCH.test(text)) {
      const number = Number(text);
      const ms = this.#unit === 'ms' || (this.#unit === undefined && Math.abs(number) >= MILLISECONDS_FROM);
      const at = ms ? number : Math.round(number * 1000);
      return Math.abs(at) <= 8.64e15 ? at : 'the time is out of range';
    }
    const parts = ISO.exec(text);
    if (!parts) return `"${text}" is no time; write 2024-05-01 13:00:00, 2024-05-01T13:00:00Z or an epoch number`;
    const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
    const [hour, minute, second] = [Number(parts[4] ?? 0), Number(parts[5] ?? 0), Number(parts[6] ?? 0)];
    const local = Date.UTC(year, month - 1, day, hour, minute, second, Number((parts[7] ?? '').padEnd(3, '0').slice(0, 3)));
    const back = new Date(local);
    const exists = back.getUTCMonth() === month - 1 && back.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
    if (!exists) return `"${text}" is no date of the calendar`;
    const offset = parts[8];
    if (offset) return local - offsetMs(offset);
    if (!this.#zone) throw new AuspexError('ZONE_MISSING', `the time "${text}" has no offset, and no zone is given`, { path: where() });
    const [first, second2] = this.#zone.fromLocal(local);
    if (first === undefined) return `"${text}" does not exist in ${this.#zone.id}: the clocks went forward over it`;
    return second2 === undefined ? first : [first, second2];
  }
}

function offsetMs(text: string): number {
  if (text === 'Z' || text === 'z') return 0;
  const digits = text.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || 0);
  return (text.startsWith('-') ? -minutes : minutes) * 60_000;
}

/**
 * Tells the two passes of a repeated hour apart, by what came before: a time that would run back, or a row that has been
 * there, is of the second pass.
 */
export class Passes {
  /** Time of the row before, epoch ms. */
  #previous: number;
  readonly #seen = new Set<string>();

  constructor(previous = Number.NEGATIVE_INFINITY) {
    this.#previous = previous;
  }

  /** @param key what tells rows of one time apart: the group and its like */
  resolve(instants: number | readonly [number, number], key: string): number {
    let at: number;
    if (typeof instants === 'number') {
      at = instants;
      if (this.#seen.size > 0) this.#seen.clear();
    } else {
      const [first, second] = instants;
      if (this.#previous !== first) this.#seen.clear();
      at = this.#previous > first || this.#seen.has(key) ? second : first;
      this.#seen.add(key);
    }
    this.#previous = at;
    return at;
  }
}
