import type { CalendarEvent } from '@auspex/contracts';
import type { EventOutlook } from '@auspex/core';
import { zone as zoneOf } from '@auspex/numerics';
import { describeImpact } from './impact.ts';
import { cut, plural, span } from './text.ts';

/** An event, and the calendar that knows of it. */
export interface Coming {
  readonly calendar: string;
  readonly event: CalendarEvent;
  readonly outlook: EventOutlook;
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
const DAY = 86_400_000;
/** Widest column of names. */
const NAME = 40;

const HEAD = ['Starts', '', 'Lasts', 'Name', 'Category', 'Concerns', 'Expected'] as const;

/** What is coming, a line each; times are those of the zone. */
export function eventsText(coming: readonly Coming[], now: number, zone: string): string {
  const rows = coming.map(({ event, outlook }) => [
    localTime(event.start, zone),
    relation(event, now),
    span(event.end - event.start),
    cut(event.name, NAME),
    event.category ?? '',
    concerns(event),
    describeImpact(outlook),
  ]);
  const widths = HEAD.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  // A column in which nobody says anything is left out.
  const shown = HEAD.flatMap((_, column) => (rows.some((row) => row[column]) ? [column] : []));
  const line = (cells: readonly string[]): string =>
    shown
      .map((column) => (cells[column] ?? '').padEnd(widths[column] as number))
      .join('  ')
      .trimEnd();
  const rule = line(widths.map((width) => '─'.repeat(width)));
  return `${[line(HEAD), rule, ...rows.map(line)].join('\n')}\n`;
}

/** `2026-11-27 18:00 to 2026-12-11 18:00 (Europe/Berlin): 3 events`. */
export function spanText(from: number, to: number, zone: string, count: number): string {
  return `${localTime(from, zone).slice(4)} to ${localTime(to, zone).slice(4)} (${zone}): ${count === 0 ? 'nothing is planned' : plural(count, 'event')}`;
}

/** `Fri 2026-11-27 18:00`. */
function localTime(at: number, zone: string): string {
  const local = zoneOf(zone).toLocal(at);
  // 1970-01-01 was a Thursday.
  const day = DAYS[(((Math.floor(local / DAY) + 3) % 7) + 7) % 7];
  return `${day} ${new Date(local).toISOString().slice(0, 16).replace('T', ' ')}`;
}

/** `in 3 h`, `now`, `2 h ago`. */
function relation({ start, end }: CalendarEvent, now: number): string {
  if (start > now) return `in ${span(start - now)}`;
  return end > now ? 'now' : `${span(now - end)} ago`;
}

/** `web, api @ATL`; nothing for all. */
function concerns({ groups, pops }: CalendarEvent): string {
  return [groups?.join(', ') ?? (pops ? 'all' : ''), ...(pops ? [`@${pops.join(', @')}`] : [])].filter(Boolean).join(' ');
}
