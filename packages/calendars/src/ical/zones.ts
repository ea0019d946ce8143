import ICAL from 'ical.js';
import type { Complaints } from '../plan/complaints.ts';
import { DAY, isZone, type TimeZone, timeZone, UTC } from '../plan/zones.ts';
import { propertiesOf, textOf } from './properties.ts';
import type { Block } from './split.ts';

/**
 * The zones that a calendar names. A name that the platform knows means what the platform knows of it, whatever the calendar says
 * its clock changes are: what was exported years ago is out of date.
 */
export class Zones {
  readonly #named = new Map<string, TimeZone>();
  readonly #own: TimeZone;

  constructor(blocks: readonly Block[], own: TimeZone, where: (line: number) => string, complaints: Complaints) {
    this.#own = own;
    for (const { text, line } of blocks) {
      try {
        const [id, zone] = zoneOf(text);
        this.#named.set(id, zone);
      } catch (error) {
        complaints.bad(where(line), `a VTIMEZONE cannot be read: ${(error as Error).message}`);
      }
    }
  }

  /** @param tzid of the property; absent = the calendar's own zone. @throws Error */
  of(tzid: string | undefined, utc: boolean): TimeZone {
    if (utc) return UTC;
    if (tzid === undefined) return this.#own;
    const known = knownName(tzid);
    const found = known === undefined ? this.#named.get(tzid) : timeZone(known);
    if (found) return found;
    throw new Error(
      `the zone "${tzid.slice(0, 80)}" is not known, and the file has no VTIMEZONE for it: use an IANA zone such as "Europe/Berlin"`,
    );
  }
}

/** `Europe/Berlin`, also behind the prefix of whoever wrote the file: `/example.org/20260101/Europe/Berlin`. */
function knownName(tzid: string): string | undefined {
  const name = tzid.trim();
  const tail = name.startsWith('/') ? /[A-Za-z_]+\/[A-Za-z_-]+(?:\/[A-Za-z_-]+)?$/.exec(name)?.[0] : undefined;
  return [name, tail].find((each) => each !== undefined && isZone(each));
}

function zoneOf(block: string): readonly [id: string, zone: TimeZone] {
  const properties = propertiesOf(block);
  const id = textOf(properties, 'tzid');
  if (id === undefined) throw new Error('it has no TZID');
  const location = textOf(properties, 'x-lic-location');
  if (location !== undefined && isZone(location)) return [id, timeZone(location)];
  return [id, defined(id, new ICAL.Timezone(new ICAL.Component(ICAL.parse(block) as never)))];
}

/** A zone whose clock changes stand in the file. */
function defined(id: string, zone: ICAL.Timezone): TimeZone {
  const offset = (local: number): number => {
    const date = new Date(local);
    const time = new ICAL.Time(
      {
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
        hour: date.getUTCHours(),
        minute: date.getUTCMinutes(),
        second: date.getUTCSeconds(),
      },
      ICAL.Timezone.localTimezone,
    );
    return zone.utcOffset(time) * 1000;
  };
  /** The offsets of the day before and the day after, and the instant (epoch ms) of the clock change where they differ. */
  const around = (local: number): { readonly before: number; readonly after: number; readonly change: number } => {
    const [before, after] = [offset(local - DAY), offset(local + DAY)];
    if (before === after) return { before, after, change: Number.NEGATIVE_INFINITY };
    let [low, high] = [local - DAY, local + DAY];
    while (high - low > 1000) {
      const middle = Math.floor((low + high) / 2000) * 1000;
      if (offset(middle) === before) low = middle;
      else high = middle;
    }
    // The library changes at the earlier of the two local times that a change has: the one with the lesser offset.
    return { before, after, change: high - Math.min(before, after) };
  };
  return {
    id,
    known: false,
    toInstant(local) {
      const { before, after, change } = around(local);
      return local - before >= change && local - after >= change ? local - after : local - before;
    },
    toLocal(at) {
      const { before, after, change } = around(at + offset(at));
      return at + (at < change ? before : after);
    },
  };
}
