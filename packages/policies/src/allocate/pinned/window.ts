import { type Zone, zone } from '@auspex/numerics';
import { DAYS, type Schedule } from './config.ts';

const DAY = 86_400_000;

/** One window of a schedule: [begin, end), epoch ms. */
export interface ScheduleWindow {
  readonly begin: number;
  readonly end: number;
}

/**
 * The windows of a schedule that overlap [from, to), rising. A window belongs to the local day on which it begins: one of Friday
 * from 22:00 to 06:00 ends on Saturday at 06:00, and `days` and `except` ask for Friday alone. `to` not after `from` is on the next day.
 *
 * Times are those that the wall clock of the zone shows. In the hour that a clock change repeats, a window begins with the first
 * and ends with the second of two alike times; in the hour that it leaves out, both move on by that hour (RFC 5545, 3.3.5).
 */
export function windowsIn(schedule: Schedule, from: number, to: number): ScheduleWindow[] {
  const clock = zone(schedule.zone);
  const begins = timeOfDay(schedule.from);
  const ends = timeOfDay(schedule.to) + (timeOfDay(schedule.to) <= begins ? DAY : 0);
  const found: ScheduleWindow[] = [];
  // A window is at most a day long, a clock change makes it at most an hour longer: it begins on this day or the two before.
  const first = Math.floor(clock.toLocal(from) / DAY) - 2;
  const last = Math.floor(clock.toLocal(to) / DAY) + 1;
  for (let day = first; day <= last; day++) {
    if (!beginsOn(schedule, day)) continue;
    const begin = instant(clock, day * DAY + begins, 'first');
    const end = instant(clock, day * DAY + ends, 'last');
    if (begin < to && end > from && begin < end) found.push({ begin, end });
  }
  return found;
}

/** Does a window begin on this local day (days since 1970-01-01)? */
function beginsOn({ days, dates, except }: Schedule, day: number): boolean {
  const date = new Date(day * DAY).toISOString().slice(0, 10);
  if (except.includes(date)) return false;
  if (dates?.includes(date)) return true;
  if (days === undefined) return dates === undefined;
  // 1970-01-01 was a Thursday: three days after a Monday.
  return days.includes(DAYS[(((day + 3) % 7) + 7) % 7] as (typeof DAYS)[number]);
}

function instant(clock: Zone, local: number, which: 'first' | 'last'): number {
  const at = clock.fromLocal(local);
  return (which === 'first' ? at[0] : at.at(-1)) ?? local - clock.offset(local - DAY);
}

function timeOfDay(text: string): number {
  return Number(text.slice(0, 2)) * 3_600_000 + Number(text.slice(3)) * 60_000;
}
