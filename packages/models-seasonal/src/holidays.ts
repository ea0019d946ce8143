import { createRequire } from 'node:module';
import { AuspexError } from '@auspex/contracts';
import { DAY } from './memory.ts';

/** The part of `date-holidays` that we need. */
interface DateHolidays {
  getCountries(): Readonly<Record<string, string>>;
  getStates(country: string): Readonly<Record<string, string>> | undefined;
  getRegions(country: string, state: string): Readonly<Record<string, string>> | undefined;
  getHolidays(year: number): readonly { readonly date: string; readonly start: Date; readonly end: Date }[];
}
type DateHolidaysClass = new (...args: readonly unknown[]) => DateHolidays;

const PACKAGE = 'date-holidays';
const PATH = 'seasonal.holidays';
const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** Days before a target that its lags may ask about: memory reaches no further back. */
export const DAYS_BACK = 16;
/** Days whose masks are kept: a horizon's, and a fortnight of late questions. */
const MOST_KEPT = 64;

/**
 * Which local days are holidays. Days are numbered from 1970-01-01, as local milliseconds / DAY.
 * A holiday that falls on a Sunday is none: that day already is what a holiday is taken for.
 */
export interface Holidays {
  /** Is the local day a holiday? */
  has(day: number): boolean;
  /** The day and the sixteen before it, as bits: bit k = `day - k` is a holiday. */
  mask(day: number): number;
}

export const SUNDAY = 6;

/** Monday 0 … Sunday 6. */
export function weekday(day: number): number {
  // 1970-01-01 was a Thursday.
  return (((day + 3) % 7) + 7) % 7;
}

/** The number of a local date; undefined = there is no such day. */
export function dayOf(date: string): number | undefined {
  const at = DATE.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(at) || !new Date(at).toISOString().startsWith(date) ? undefined : at / DAY;
}

/**
 * @param entries local dates `2026-12-24` and places `DE-BY`
 * @returns undefined where there is none, so that a step pays nothing for it
 * @throws AuspexError CONFIG_INVALID without `date-holidays` where a place is named, and on a place that it does not know
 */
export function holidaysOf(entries: readonly string[], load: () => unknown = loadPackage): Holidays | undefined {
  if (entries.length === 0) return undefined;
  const days = new Set<number>();
  const places: string[] = [];
  for (const entry of entries) {
    const day = dayOf(entry);
    if (day === undefined) places.push(entry);
    else days.add(day);
  }
  const calendars = places.length === 0 ? [] : openPlaces(places, load);
  const years = new Set<number>();
  const masks = new Map<number, number>();

  function read(year: number): void {
    if (years.has(year)) return;
    years.add(year);
    for (const calendar of calendars) {
      // Only its own: what is known of a day must not depend on which years were read.
      for (const each of calendar.getHolidays(year)) if (each.date.startsWith(`${year}-`)) addDays(each, days);
    }
  }

  function has(day: number): boolean {
    if (calendars.length > 0) {
      const year = new Date(day * DAY).getUTCFullYear();
      // A holiday of several days belongs to the year in which it begins.
      read(year - 1);
      read(year);
    }
    return days.has(day) && weekday(day) !== SUNDAY;
  }

  return {
    has,
    mask(day) {
      let mask = masks.get(day);
      if (mask === undefined) {
        mask = 0;
        for (let k = 0; k <= DAYS_BACK; k++) if (has(day - k)) mask |= 1 << k;
        if (masks.size >= MOST_KEPT) masks.clear();
        masks.set(day, mask);
      }
      return mask;
    },
  };
}

/** Adds the days of which the better part is a holiday: those whose noon lies inside it. */
function addDays({ date, start, end }: { readonly date: string; readonly start: Date; readonly end: Date }, days: Set<number>): void {
  const local = Date.parse(`${date.slice(0, 10)}T${date.slice(11, 19)}Z`);
  const until = local + (end.getTime() - start.getTime());
  for (let day = Math.floor(local / DAY); (day + 0.5) * DAY < until; day++) if ((day + 0.5) * DAY > local) days.add(day);
}

function loadPackage(): unknown {
  return createRequire(import.meta.url)(PACKAGE);
}

function openPlaces(places: readonly string[], load: () => unknown): DateHolidays[] {
  let Calendar: DateHolidaysClass;
  try {
    const loaded = load() as DateHolidaysClass & { readonly default?: DateHolidaysClass };
    Calendar = loaded.default ?? loaded;
  } catch (cause) {
    const absent = (cause as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    const message = absent
      ? `the package ${PACKAGE} is not installed`
      : `the package ${PACKAGE} does not load: ${(cause as Error).message}`;
    const remedy = `Run: npm install ${PACKAGE}, or list local dates ("2026-12-24") in place of "${places[0]}".`;
    throw new AuspexError('CONFIG_INVALID', message, { path: PATH, remedy, cause });
  }
  const known = new Calendar();
  return places.map((place) => {
    const codes = place.split('-');
    check(place, codes, known);
    return new Calendar(...codes, { types: ['public'] });
  });
}

/** The package takes a state that it does not know for none: a typing error would cost that state's days. */
function check(place: string, [country = '', state, region, ...more]: readonly string[], known: DateHolidays): void {
  refuseUnless(Object.hasOwn(known.getCountries(), country), place, country, 'country', Object.keys(known.getCountries()));
  if (state === undefined) return;
  const states = known.getStates(country) ?? {};
  refuseUnless(Object.hasOwn(states, state), place, state, `state of ${country}`, Object.keys(states));
  if (region === undefined) return;
  const regions = known.getRegions(country, state) ?? {};
  refuseUnless(
    Object.hasOwn(regions, region) && more.length === 0,
    place,
    [region, ...more].join('-'),
    `region of ${country}-${state}`,
    Object.keys(regions),
  );
}

function refuseUnless(right: boolean, place: string, code: string, kind: string, codes: readonly string[]): void {
  if (right) return;
  const some = codes.length === 0 ? 'it knows none' : `it knows ${codes.slice(0, 60).join(', ')}${codes.length > 60 ? ', …' : ''}`;
  throw new AuspexError('CONFIG_INVALID', `"${place}": ${PACKAGE} knows no ${kind} "${code}"`, {
    path: PATH,
    remedy: `Write a place as country, state and region codes ("US", "DE-BY") or a local date ("2026-12-24"); ${some}.`,
  });
}
