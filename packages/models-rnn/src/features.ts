import { bounded, type Closing, DAY, type Memory, offsetAt, profileAt, WEEK, weekAt } from './memory.ts';

/** Inputs of the cell at each slot. */
export const INPUTS = 12;
/** What the head sees of a series, and of each point that it is asked for. */
export const STATICS = 6;
export const LOCALS = 23;

/** Bounds: an outlier may shout, not deafen. Inputs are squashed anyway, what the head sees is not. */
const [MOST_INPUT, MOST_LOCAL] = [4, 50] as const;
const HOUR = 3_600_000;
/** Slots in which what matters for the next one alone halves. */
const HALF_NEAR = 2;
/** Time in which half of what was off now is expected to be gone, for the profile that fades back. */
const HALF_GONE = 6 * HOUR;

/**
 * The series' own unit of log rates: between the usual change from slot to slot and from day to day. Never far below the former, or the
 * course of a day that is the same every day would be hundreds of units high.
 */
export function unitOf({ change, daily }: Memory): number {
  return Math.max(Math.sqrt(change * daily), change / 2);
}

/** Inputs of the slot that was closed last, from `at` on. */
export function slotInputs(memory: Memory, closing: Closing, into: Float64Array, at: number): void {
  const { last } = memory;
  const unit = 2 * unitOf(memory);
  const off = (known: number): number => (Number.isNaN(known) ? 0 : bounded((last - known) / unit, MOST_INPUT));
  const dayAngle = (2 * Math.PI * (memory.offset % DAY)) / DAY;
  const weekAngle = (2 * Math.PI * memory.offset) / WEEK;
  into[at] = off(closing.before);
  into[at + 1] = off(closing.yesterday);
  into[at + 2] = off(closing.day);
  into[at + 3] = off(closing.week);
  into[at + 4] = bounded(last - memory.mean, MOST_INPUT);
  into[at + 5] = bounded(1 + 0.5 * Math.log(unit), MOST_INPUT);
  into[at + 6] = Math.sin(dayAngle);
  into[at + 7] = Math.cos(dayAngle);
  into[at + 8] = Math.sin(weekAngle);
  into[at + 9] = Math.cos(weekAngle);
  into[at + 10] = bounded(memory.lately / unit, MOST_INPUT);
  into[at + 11] = bounded(memory.dayLong / unit, MOST_INPUT);
}

/** What kind of series it is. */
export function seriesStatics(memory: Memory, into: Float64Array, at: number): void {
  const unit = unitOf(memory);
  into[at] = bounded(1 + 0.5 * Math.log(2 * unit), MOST_INPUT);
  into[at + 1] = bounded(Math.log(memory.change / unit), MOST_INPUT);
  into[at + 2] = bounded(0.25 * memory.mean, MOST_INPUT);
  into[at + 3] = 0.5 * Math.log(memory.slotMs / HOUR);
  into[at + 4] = bounded(memory.last - memory.mean, MOST_INPUT);
  into[at + 5] = bounded(Number.isNaN(memory.dayBefore) ? 0 : (memory.last - memory.dayBefore) / (2 * unit), MOST_INPUT);
}

/**
 * What is known of a point `ahead` ms after the start of the last slot, in the series' units from its last log rate.
 *
 * For each of three profiles, yesterday, the usual day and the usual week: what it says, the same with all of what the last slot was off,
 * and with as much of that as is expected to last. Then the usual week with what the last few slots were off, with what the last day was,
 * and fading from the one to the other: one slot is noisy, several are less so. Then what matters for the next slots alone: the course of
 * yesterday and of the usual week from now to there, the level of late, and the last change. Last how far it is, and what time it is there.
 */
export function pointLocals(memory: Memory, ahead: number, into: Float64Array, at: number): void {
  const { last, lately, dayLong, slotMs, offset } = memory;
  const perUnit = 1 / unitOf(memory);
  const target = offsetAt(memory, ahead);
  const kept = 2 ** (-ahead / HALF_GONE);
  const keptNear = kept * kept * kept;
  const soon = 2 ** (-ahead / (HALF_NEAR * slotMs));
  const yesterday = profileAt(memory.yesterday, slotMs, target);
  const day = profileAt(memory.day, slotMs, target);
  const dayNow = profileAt(memory.day, slotMs, offset);
  const week = day + weekAt(memory, target);
  const weekNow = dayNow + weekAt(memory, offset);
  const usual = Number.isNaN(week) ? last : week;
  writeProfile(yesterday, memory.dayBefore, last, kept, perUnit, into, at);
  writeProfile(day, dayNow, last, kept, perUnit, into, at + 3);
  writeProfile(week, weekNow, last, kept, perUnit, into, at + 6);
  into[at + 9] = local((usual + kept * lately - last) * perUnit);
  into[at + 10] = local((usual + dayLong - last) * perUnit);
  into[at + 11] = local((usual + keptNear * lately + (1 - keptNear) * dayLong - last) * perUnit);
  into[at + 12] = local(soon * (yesterday - memory.dayBefore) * perUnit);
  into[at + 13] = local(soon * (week - weekNow) * perUnit);
  into[at + 14] = local(soon * (usual + lately - last) * perUnit);
  into[at + 15] = local(soon * memory.lastChange * perUnit);
  into[at + 16] = 0.25 * Math.log2(ahead / slotMs);
  into[at + 17] = 0.25 * Math.log2(1 + ahead / HOUR);
  into[at + 18] = kept;
  const angle = (2 * Math.PI * (target % DAY)) / DAY;
  const weekAngle = (2 * Math.PI * target) / WEEK;
  into[at + 19] = Math.sin(angle);
  into[at + 20] = Math.cos(angle);
  into[at + 21] = Math.sin(weekAngle);
  into[at + 22] = Math.cos(weekAngle);
}

/** What a profile says of a point, from the last log rate: as it is, with all that the last slot was off, and with what is kept of that. */
function writeProfile(then: number, now: number, last: number, kept: number, perUnit: number, into: Float64Array, at: number): void {
  const says = then - last;
  const off = Number.isNaN(now) ? 0 : last - now;
  into[at] = local(says * perUnit);
  into[at + 1] = local((says + off) * perUnit);
  into[at + 2] = local((says + kept * off) * perUnit);
}

/** Bounded; 0 where nothing is known. */
function local(change: number): number {
  return Number.isNaN(change) ? 0 : bounded(change, MOST_LOCAL);
}
