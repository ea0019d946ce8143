import { Temporal } from 'temporal-polyfill';

const FIXED = /^([+-])(\d{2}):?(\d{2})$/;
const YEAR = 366 * 86_400_000;

/**
 * A time zone as a table of offset changes: what the hot paths ask for every event and step. The rules come from the
 * platform's tz database through Temporal; only the table and its binary search are ours, since a zoned conversion
 * costs 20 us and a look-up 20 ns.
 */
export class Zone {
  readonly id: string;
  readonly #fixed: number | undefined;
  /** Rising times at which an offset begins to hold, and those offsets; both for [#from, #to). */
  #times: number[] = [];
  #offsets: number[] = [];
  #from = 0;
  #to = 0;
  /** The span in which the last answer holds. */
  #low = 1;
  #high = 0;
  #last = 0;

  /**
   * @param id IANA name, `UTC`, or a fixed offset `+05:30`
   * @throws RangeError on a zone that the platform does not know
   */
  constructor(id: string) {
    this.id = id;
    const fixed = FIXED.exec(id);
    if (fixed) {
      const minutes = Number(fixed[2]) * 60 + Number(fixed[3]);
      if (minutes > 18 * 60) throw new RangeError(`offset out of range: ${id}`);
      this.#fixed = (fixed[1] === '-' ? -1 : 1) * minutes * 60_000;
    } else if (id === 'UTC' || id === 'Z') {
      this.#fixed = 0;
    } else {
      new Intl.DateTimeFormat('en', { timeZone: id });
    }
  }

  /** Milliseconds to add to UTC for local time at the instant `at` (epoch ms). */
  offset(at: number): number {
    if (this.#fixed !== undefined) return this.#fixed;
    if (at >= this.#low && at < this.#high) return this.#last;
    if (at < this.#from || at >= this.#to) this.#extend(at);
    let low = 0;
    let high = this.#times.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] as number) <= at) low = middle;
      else high = middle;
    }
    this.#low = this.#times[low] as number;
    this.#high = this.#times[low + 1] ?? this.#to;
    this.#last = this.#offsets[low] as number;
    return this.#last;
  }

  #extend(at: number): void {
    this.#from = this.#to === 0 ? at - YEAR : Math.min(this.#from, at - YEAR);
    this.#to = this.#to === 0 ? at + YEAR : Math.max(this.#to, at + YEAR);
    let here = Temporal.Instant.fromEpochMilliseconds(Math.floor(this.#from)).toZonedDateTimeISO(this.id);
    this.#times = [this.#from];
    this.#offsets = [here.offsetNanoseconds / 1e6];
    for (;;) {
      const next = here.getTimeZoneTransition('next');
      if (next === null || next.epochMilliseconds >= this.#to) break;
      this.#times.push(next.epochMilliseconds);
      this.#offsets.push(next.offsetNanoseconds / 1e6);
      here = next;
    }
  }

  /** Local wall-clock milliseconds (as if UTC) of an instant. */
  toLocal(at: number): number {
    return at + this.offset(at);
  }

  /**
   * Instants (epoch ms, rising) at which the local wall clock shows `local` (ms as if UTC): two in the repeated hour of a
   * clock change, none in the missing one, else one.
   */
  fromLocal(local: number): number[] {
    const before = local - this.offset(local - 86_400_000);
    const after = local - this.offset(local + 86_400_000);
    const found = [before, after].filter((at) => at + this.offset(at) === local);
    return found.length === 2 && found[0] === found[1] ? [before] : found.sort((a, b) => a - b);
  }

  /**
   * The clock change that leaves out the local time `local` (ms as if UTC): its instant, epoch ms, and by how much the clock jumps, ms. Undefined where
   * the clock shows that time.
   */
  skipped(local: number): { readonly at: number; readonly ms: number } | undefined {
    if (this.fromLocal(local).length > 0) return undefined;
    const before = this.offset(local - 86_400_000);
    // As if the clock had not jumped: that is after it did.
    const ms = this.offset(local - before) - before;
    return { at: this.#low, ms };
  }

  /** Milliseconds since Monday 00:00 local time, 0 .. 604,799,999. */
  weekOffset(at: number): number {
    // 1970-01-01 was a Thursday: three days after a Monday.
    return floorMod(this.toLocal(at) + 3 * 86_400_000, 604_800_000);
  }
}

function floorMod(value: number, by: number): number {
  return ((value % by) + by) % by;
}

const zones = new Map<string, Zone>();

/** The one table of a zone. A cache of immutable facts, so module scope does no harm. */
export function zone(id: string): Zone {
  let known = zones.get(id);
  if (!known) {
    known = new Zone(id);
    zones.set(id, known);
  }
  return known;
}
