import type { Calendar, CalendarEvent } from '@auspex/contracts';
import { type Effect, effectOf } from '../plan/effect.ts';
import { bounded, inOrder } from '../plan/plan.ts';
import { DAY, type TimeZone, timeZone } from '../plan/zones.ts';
import type { HolidaysOptions } from './config.ts';
import { type DateHolidays, type Holiday, type OpenPlace, openPlaces } from './package.ts';

/** Further years are cut: holidays come for ever. */
const MOST_YEARS = 12;
const HALF_DAY = DAY / 2;

interface Place {
  readonly name: string;
  readonly holidays: DateHolidays;
  readonly zone: TimeZone;
  readonly effect: Effect;
}

/** Holidays of places, as days of those places. */
export class HolidaysCalendar implements Calendar {
  readonly #places: readonly Place[];
  readonly #language: string | undefined;
  readonly #years = new Map<number, readonly CalendarEvent[]>();

  /**
   * @param open for tests
   * @throws AuspexError PLUGIN_NOT_FOUND without date-holidays, CONFIG_INVALID on a place that it does not know
   */
  constructor(options: HolidaysOptions, open: OpenPlace = openPlaces()) {
    const { places, byPlace, types, zone, category, groups, pops, impact, ramp, decay } = options;
    this.#language = options.language;
    this.#places = [...new Set(places)].map((name) => {
      const own = byPlace[name] ?? {};
      const holidays = open(name, own.types ?? types);
      return {
        name,
        holidays,
        zone: timeZone(own.zone ?? zone ?? holidays.getTimezones()?.[0] ?? 'UTC'),
        effect: effectOf({
          groups: own.groups ?? groups,
          pops: own.pops ?? pops,
          category,
          impact: own.impact ?? impact,
          ramp: own.ramp ?? ramp,
          decay: own.decay ?? decay,
        }),
      };
    });
  }

  between(from: number, to: number): readonly CalendarEvent[] {
    const [first, end] = bounded(from, to);
    // A holiday belongs to the year in which it begins, and may last into the next; the year may begin elsewhere by a day.
    const begin = new Date(first - 31 * DAY).getUTCFullYear();
    const last = Math.min(new Date(end + DAY).getUTCFullYear(), begin + MOST_YEARS);
    const found: CalendarEvent[] = [];
    for (let year = begin; year <= last; year++) found.push(...this.#year(year));
    return inOrder(found.filter((event) => event.start < to && event.end > from));
  }

  #year(year: number): readonly CalendarEvent[] {
    const kept = this.#years.get(year);
    if (kept) return kept;
    const events = this.#places.flatMap((place) =>
      place.holidays
        .getHolidays(year, this.#language)
        // Only its own: what is told of a day must not depend on which years were read.
        .filter(({ date }) => date.startsWith(`${year}-`))
        .map((holiday) => eventOf(holiday, place)),
    );
    this.#years.set(year, events);
    return events;
  }
}

function eventOf(holiday: Holiday, { name, zone, effect }: Place): CalendarEvent {
  const date = holiday.date.slice(0, 10);
  const local = Date.parse(`${date}T${holiday.date.slice(11, 19)}Z`);
  const lasts = holiday.end.getTime() - holiday.start.getTime();
  // Whole days in its own zone, where one may have 23 hours; a half one ends at a local time as well.
  const until = local % DAY === 0 ? local + Math.max(1, Math.floor((lasts + HALF_DAY) / DAY)) * DAY : local + lasts;
  return {
    ...effect,
    id: `${name}/${date}/${slug(holiday.name)}`,
    name: holiday.name,
    start: zone.toInstant(local),
    end: zone.toInstant(until),
  };
}

function slug(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-|-$/g, '');
}
