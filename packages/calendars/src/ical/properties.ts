import ICAL from 'ical.js';
import type { Length } from '../plan/series.ts';
import { localTime } from '../plan/zones.ts';

type Value = string | number | readonly string[] | Readonly<Record<string, unknown>>;

/** One line of a component, unfolded and unescaped. */
export interface Property {
  readonly params: Readonly<Record<string, string | readonly string[]>>;
  readonly values: readonly Value[];
}

/** The lines of a component, by name in lower case. */
export type Properties = ReadonlyMap<string, readonly Property[]>;

/** @throws Error for a line that is none */
export function propertiesOf(block: string): Properties {
  // What its parser makes of RRULE is mended where it cannot be; it is read from its line.
  const text = block.replace(/^RRULE([;:])/gim, 'X-AUSPEX-RRULE$1');
  const [, lines] = ICAL.parse(text) as unknown as [string, [name: string, params: Property['params'], type: string, ...values: Value[]][]];
  const properties = new Map<string, Property[]>();
  for (const [name, params, , ...values] of lines) {
    const list = properties.get(name) ?? [];
    list.push({ params, values });
    properties.set(name, list);
  }
  return properties;
}

/** The first text of a property; undefined = absent or empty. */
export function textOf(properties: Properties, name: string): string | undefined {
  const value = properties.get(name)?.[0]?.values[0];
  return value === undefined || String(value).trim() === '' ? undefined : String(value).trim();
}

export interface DateTime {
  readonly local: number;
  readonly day: boolean;
  readonly utc: boolean;
}

/** What the parser leaves of a date (`2026-12-24`) or a time (`2026-12-24T20:00:00Z`). @throws Error */
export function dateTime(value: unknown, name: string): DateTime {
  // A date that does not say so ends in `T::`.
  const [, year, month, day, time, hour, minute, second, utc] =
    /^(\d{4})-(\d\d)-(\d\d)(T(?:(\d\d):(\d\d):(\d\d)(Z?)|::))?$/.exec(String(value)) ?? [];
  const whole = time === undefined || hour === undefined;
  const local =
    year === undefined
      ? undefined
      : localTime(Number(year), Number(month), Number(day), Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0));
  if (local === undefined) throw new Error(`${name} is no date and no time: "${String(value).slice(0, 40)}"`);
  return { local, day: whole, utc: utc === 'Z' };
}

/** `P1W`, `P1DT2H`, `PT45M`: whole days are local days, RFC 5545 3.3.6. @throws Error */
export function isoLength(value: unknown, name: string): Length {
  const text = String(value);
  const [all, sign, weeks, days, hours, minutes, seconds] =
    /^([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text) ?? [];
  if (all === undefined || !/\d/.test(text)) throw new Error(`${name} is no duration: "${text.slice(0, 40)}"`);
  const n = (part: string | undefined): number => Number(part ?? 0);
  const by = sign === '-' ? -1 : 1;
  return { days: by * (7 * n(weeks) + n(days)), ms: by * 1000 * (3600 * n(hours) + 60 * n(minutes) + n(seconds)) };
}
