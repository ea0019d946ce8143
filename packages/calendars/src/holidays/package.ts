import { createRequire } from 'node:module';
import { AuspexError } from '@auspex/contracts';

const PACKAGE = 'date-holidays';
const PATH = 'holidays.places';

/** A holiday as the package gives it. */
export interface Holiday {
  /** Local: `2026-12-25 00:00:00`, with `-0600` behind it where it begins at sunset of the day before. */
  readonly date: string;
  readonly start: Date;
  readonly end: Date;
  readonly name: string;
}

/** The part of `date-holidays` that we need. */
export interface DateHolidays {
  getCountries(): Readonly<Record<string, string>>;
  getStates(country: string): Readonly<Record<string, string>> | undefined;
  getRegions(country: string, state: string): Readonly<Record<string, string>> | undefined;
  getTimezones(): readonly string[] | undefined;
  getHolidays(year: number, language?: string): readonly Holiday[];
}
type DateHolidaysClass = new (...args: readonly unknown[]) => DateHolidays;

/** Opens the holidays of places. */
export type OpenPlace = (place: string, types: readonly string[]) => DateHolidays;

/** @throws AuspexError PLUGIN_NOT_FOUND without the package, PLUGIN_FAILED where it does not load */
export function openPlaces(load: () => unknown = () => createRequire(import.meta.url)(PACKAGE)): OpenPlace {
  let Calendar: DateHolidaysClass;
  try {
    const loaded = load() as DateHolidaysClass & { readonly default?: DateHolidaysClass };
    Calendar = loaded.default ?? loaded;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const absent = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
    throw absent
      ? new AuspexError('PLUGIN_NOT_FOUND', `the package ${PACKAGE} is not installed`, {
          path: PATH,
          remedy: `Run: npm install ${PACKAGE}`,
          cause,
        })
      : new AuspexError('PLUGIN_FAILED', `the package ${PACKAGE} does not load: ${(cause as Error).message}`, { path: PATH, cause });
  }
  const known = new Calendar();
  return (place, types) => {
    const codes = place.split('-');
    check(place, codes, known);
    return new Calendar(...codes, { types });
  };
}

/** The package takes a state that it does not know for none: a typing error would cost that state's days. */
function check(place: string, [country = '', state, region]: readonly string[], known: DateHolidays): void {
  refuseUnless(known.getCountries(), place, country, 'country');
  if (state === undefined) return;
  refuseUnless(known.getStates(country) ?? {}, place, state, `state of ${country}`);
  if (region === undefined) return;
  refuseUnless(known.getRegions(country, state) ?? {}, place, region, `region of ${country}-${state}`);
}

function refuseUnless(all: Readonly<Record<string, string>>, place: string, code: string, kind: string): void {
  if (Object.hasOwn(all, code)) return;
  const codes = Object.keys(all);
  const some = codes.length === 0 ? 'it knows none' : `it knows ${codes.slice(0, 60).join(', ')}${codes.length > 60 ? ', …' : ''}`;
  throw new AuspexError('CONFIG_INVALID', `"${place}": ${PACKAGE} knows no ${kind} "${code}"`, {
    path: PATH,
    remedy: `Write a place as country, state and region codes ("US", "DE-BY"); ${some}.`,
  });
}
