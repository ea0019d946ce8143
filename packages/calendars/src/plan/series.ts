import type { CalendarEvent } from '@auspex/contracts';
import type { Effect } from './effect.ts';
import type { Rule } from './rule.ts';
import { DAY, instantOf, type Moment, type TimeZone } from './zones.ts';

/** How long something lasts: whole local days, which clock changes make longer and shorter, and milliseconds, which they do not. */
export interface Length {
  readonly days: number;
  readonly ms: number;
}

export interface Repeats {
  readonly rule?: Rule;
  /** Further starts, epoch ms, with a length of their own where they have one. */
  readonly more: readonly { readonly at: number; readonly length?: Length }[];
  /** Starts that are none: epoch ms. */
  readonly except: ReadonlySet<number>;
  /** Local days without one, as local milliseconds / DAY. */
  readonly exceptDays: ReadonlySet<number>;
}

/** Something planned, once or again and again. */
export interface Planned {
  /** Of the whole; occurrences of what comes again add their own start. */
  readonly id: string;
  readonly name: string;
  readonly effect: Effect;
  readonly start: Moment;
  readonly length: Length;
  readonly repeats?: Repeats;
}

/** @throws Error for a length that is none */
export function checkedLength(length: Length): Length {
  if (length.days + length.ms > 0 && length.days >= 0) return length;
  throw new Error(length.days === 0 && length.ms === 0 ? 'it has no length: say when it ends' : 'it ends before it has begun');
}

/** Occurrences that overlap [from, to), in no order. */
export function occurrences(planned: Planned, from: number, to: number): CalendarEvent[] {
  const { start, length, repeats } = planned;
  const event = (at: number, id: string, lasts: Length): CalendarEvent[] => {
    const end = endOf(at, start.zone, lasts);
    return end > from && at < to && end > at ? [{ ...planned.effect, id, name: planned.name, start: at, end }] : [];
  };
  if (!repeats) return event(instantOf(start), planned.id, length);
  const lengths = new Map(repeats.more.map(({ at, length: own }) => [at, own ?? length]));
  const longest = Math.max(0, ...[length, ...lengths.values()].map(({ days, ms }) => (days + 1) * DAY + ms));
  const first = repeats.rule ? repeats.rule.starts(from - longest, to) : [instantOf(start)];
  return [...new Set([...first, ...lengths.keys()])]
    .filter((at) => !repeats.except.has(at) && !repeats.exceptDays.has(Math.floor(start.zone.toLocal(at) / DAY)))
    .flatMap((at) => event(at, occurrenceId(planned.id, at, start), lengths.get(at) ?? length));
}

/** By its start, which it keeps where it is moved to another one. */
export function occurrenceId(id: string, at: number, { zone, day }: Pick<Moment, 'zone' | 'day'>): string {
  return `${id}@${day ? new Date(zone.toLocal(at)).toISOString().slice(0, 10) : new Date(at).toISOString()}`;
}

function endOf(at: number, zone: TimeZone, { days, ms }: Length): number {
  return (days === 0 ? at : zone.toInstant(zone.toLocal(at) + days * DAY)) + ms;
}
