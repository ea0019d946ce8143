import { AuspexError } from '@auspex/contracts';
import { zone } from '@auspex/numerics';

export const DAY = 86_400_000;

/** Where local times become instants. */
export interface TimeZone {
  readonly id: string;
  /** Does the platform know its clock changes by this id? Rules are then expanded in its own days. */
  readonly known: boolean;
  /**
   * The instant (epoch ms) of a local time (ms as if UTC), as RFC 5545 3.3.5 has it: the first of two in the repeated hour of a clock
   * change; in the missing one, as if the clock had not changed yet.
   */
  toInstant(local: number): number;
  /** The local time (ms as if UTC) of an instant. */
  toLocal(at: number): number;
}

/**
 * @param id IANA name, `UTC`, or a fixed offset `+05:30`
 * @throws AuspexError ZONE_UNKNOWN
 */
export function timeZone(id: string, path?: string): TimeZone {
  const table = tableOf(id);
  if (!table) throw new AuspexError('ZONE_UNKNOWN', `the zone "${id}" is not known`, path === undefined ? {} : { path });
  return {
    id,
    known: !/^(?:UTC|Z|[+-].*)$/.test(id),
    toInstant: (local) => table.fromLocal(local)[0] ?? local - table.offset(local - DAY),
    toLocal: (at) => table.toLocal(at),
  };
}

export function isZone(id: string): boolean {
  return tableOf(id) !== undefined;
}

function tableOf(id: string): ReturnType<typeof zone> | undefined {
  try {
    return zone(id);
  } catch {
    return undefined;
  }
}

export const UTC: TimeZone = timeZone('UTC');

/** A local time and where it is one. */
export interface Moment {
  /** Milliseconds as if UTC; the midnight of a day. */
  readonly local: number;
  readonly zone: TimeZone;
  /** A whole day rather than a time. */
  readonly day: boolean;
  /** The instant, epoch ms, where it was given as one: the local time alone stands for two in the repeated hour of a clock change. */
  readonly at?: number;
}

export function instantOf({ local, zone, at }: Moment): number {
  return at ?? zone.toInstant(local);
}

/** The local milliseconds of a date and time; undefined = there is no such one. */
export function localTime(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number | undefined {
  const at = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(at);
  const same = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return same && hour < 24 && minute < 60 && second < 60 ? at : undefined;
}
