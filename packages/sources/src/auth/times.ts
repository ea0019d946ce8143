import { AuspexError } from '@auspex/contracts';
import { type Zone, zone } from '@auspex/numerics';

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const DAY = 86_400_000;
/** Clocks of logging hosts may be ahead of the reference by this much. */
const AHEAD = DAY;
/** Two leap years lie at most so far apart. */
const YEARS = 8;

/** Length of `Jan  5 00:00:01`. */
export const BSD_LENGTH = 15;

/**
 * Reads the times of RFC 3164, `Jan  5 00:00:01`, which have neither a year nor a zone. Of all years the latest is taken in which
 * the time is not after the reference: over New Year, December is of the year before. The last day is kept.
 */
export class BsdTime {
  readonly #zone: Zone | undefined;
  #day = '';
  #reference = Number.NaN;
  /** Local midnight of the kept day, as if UTC. */
  #midnight = 0;
  #previous = Number.NEGATIVE_INFINITY;

  /** @throws AuspexError ZONE_UNKNOWN */
  constructor(zoneId: string | undefined) {
    try {
      this.#zone = zoneId === undefined ? undefined : zone(zoneId);
    } catch (cause) {
      throw new AuspexError('ZONE_UNKNOWN', `there is no zone "${zoneId}"`, { path: 'zone', cause });
    }
  }

  /**
   * Epoch ms of the time at text[from]; text when there is none.
   *
   * @param reference epoch ms that no line is later than
   * @throws AuspexError ZONE_MISSING when no zone was given
   */
  read(text: string, from: number, reference: number): number | string {
    const part = text.slice(from, from + BSD_LENGTH);
    const found = /^([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)$/.exec(part);
    if (!found) return 'no time like Jan  5 00:00:01';
    if (!this.#zone) throw new AuspexError('ZONE_MISSING', `the time "${part}" has no zone, and none is given`, { path: '' });
    const [hour, minute, second] = [Number(found[3]), Number(found[4]), Number(found[5])];
    if (hour > 23 || minute > 59 || second > 60) return `"${part}" is no time of a day`;
    const clock = ((hour * 60 + minute) * 60 + second) * 1000;
    const day = part.slice(0, 6);
    if (day !== this.#day || reference !== this.#reference) {
      const midnight = midnightOf(found[1] as string, Number(found[2]), this.#zone.toLocal(reference) + AHEAD);
      if (midnight === undefined) return `"${part}" is no date of the calendar`;
      this.#day = day;
      this.#reference = reference;
      this.#midnight = midnight;
    }
    const [first, again] = this.#zone.fromLocal(this.#midnight + clock);
    if (first === undefined) return `"${part}" does not exist in ${this.#zone.id}: the clocks went forward over it`;
    // In a repeated hour a time that would run back is of the second pass.
    this.#previous = again !== undefined && this.#previous > first ? again : first;
    return this.#previous;
  }
}

/** Local midnight of the latest such day that is not after `limit`; undefined when no year has it. */
function midnightOf(month: string, day: number, limit: number): number | undefined {
  const index = MONTHS.indexOf(month) / 3;
  if (!Number.isInteger(index) || index < 0) return undefined;
  const latest = new Date(limit).getUTCFullYear();
  for (let year = latest; year > latest - YEARS; year--) {
    const midnight = Date.UTC(year, index, day);
    const exists = new Date(midnight).getUTCMonth() === index && day > 0;
    if (exists && midnight <= limit) return midnight;
  }
  return undefined;
}
