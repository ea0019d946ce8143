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
 * Times are those that the wall clock of the zone shows. Where a clock change leaves a choice it is the longer window: in the hour that is
 * repeated it begins with the first and ends with the second of two alike times. In the hour that is left out it begins when the clock jumps over its
 * beginning, and its end moves on by that hour (RFC 5545, 3.3.5); one of which nothing would be left, such as 02:00 to 03:00, moves on as a whole.
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
    const window = windowAt(clock, day * DAY + begins, day * DAY + ends);
    if (window.begin < to && window.end > from) found.push(window);
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

/** @param from local times, ms as if UTC */
function windowAt(clock: Zone, from: number, to: number): ScheduleWindow {
  const jump = clock.skipped(from);
  const begin = jump ? jump.at : (clock.fromLocal(from)[0] as number);
  const end = clock.fromLocal(to).at(-1) ?? unchanged(clock, to);
  return jump && end <= begin ? { begin: unchanged(clock, from), end: unchanged(clock, to) } : { begin, end };
}

/** The instant of a local time as if the clock had not changed the day before. */
function unchanged(clock: Zone, local: number): number {
  return local - clock.offset(local - DAY);
}

function timeOfDay(text: string): number {
  return Number(text.slice(0, 2)) * 3_600_000 + Number(text.slice(3)) * 60_000;
}
