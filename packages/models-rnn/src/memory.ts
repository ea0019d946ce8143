import type { Observation, SeriesInfo } from '@auspex/contracts';
import { zone } from '@auspex/numerics';

const MINUTE = 60_000;
const HOUR = 3_600_000;
export const DAY = 86_400_000;
export const WEEK: number = 7 * DAY;
/** Span of the week that shares one correction of the day. */
const WEEK_BIN = HOUR / 2;
/** Share of a new day that the usual day takes up, and of a new week that a correction does; more while they are young. */
const DAY_GAIN = 0.2;
const WEEK_GAIN = 0.35;
/** Share that one slot has in what the last few are off from the usual week. */
const LATELY = 0.35;
/** Slots that the sizes of changes are averaged over, and days those from day to day. */
const MEMORY = 200;
/** Least size of a change: a constant series must not make the next stir a thousand of them. */
const LEAST = 0.01;

/** What the network's inputs are made of: the series' own days and weeks, and its own units. Log rates throughout. */
export interface Memory {
  readonly zone: string;
  readonly stepMs: number;
  /** Length of a slot: the step, or for short steps the first span from five minutes that they tile. */
  readonly slotMs: number;
  /** The last day, by slot of the local day; at most 288. NaN = not seen yet. */
  readonly yesterday: Float32Array;
  /** The usual day: a fading mean over days, and how many days it has seen. NaN = none. */
  readonly day: Float32Array;
  readonly daysSeen: Float32Array;
  /** What each half hour of the local week adds to the usual day, and how many weeks it has seen. */
  readonly week: Float32Array;
  readonly weeksSeen: Float32Array;
  /** What the last few slots, and the last day, were off from the usual week. */
  lately: number;
  dayLong: number;
  /** From the slot before. */
  lastChange: number;
  /** Fading mean. */
  mean: number;
  /** Mean absolute change from slot to slot, and from the same slot a day before. */
  change: number;
  daily: number;
  /** Start of the slot being filled, the sum and count of its observed rates. */
  openSlot: number;
  sum: number;
  count: number;
  /** The last slot that held an observation: start, local offset into its week, log rate, and the one a day before it. */
  slot: number;
  offset: number;
  last: number;
  dayBefore: number;
  /** Slots so far. */
  slots: number;
}

/** Length of a slot for steps of `stepMs`. */
export function slotLength(stepMs: number): number {
  if (stepMs >= 5 * MINUTE) return stepMs;
  return [5, 6, 10, 12, 15, 20, 30].map((minutes) => minutes * MINUTE).find((ms) => ms % stepMs === 0) ?? HOUR;
}

export function beginMemory({ zone: id, stepMs }: Pick<SeriesInfo, 'zone' | 'stepMs'>): Memory {
  const slotMs = slotLength(stepMs);
  const perDay = Math.ceil(DAY / slotMs);
  const bins = Math.ceil(WEEK / Math.max(slotMs, WEEK_BIN));
  return {
    zone: id,
    stepMs,
    slotMs,
    yesterday: new Float32Array(perDay).fill(Number.NaN),
    day: new Float32Array(perDay).fill(Number.NaN),
    daysSeen: new Float32Array(perDay),
    week: new Float32Array(bins),
    weeksSeen: new Float32Array(bins),
    lately: 0,
    dayLong: 0,
    lastChange: 0,
    mean: 0,
    change: 0.1,
    daily: 0.2,
    openSlot: Number.NaN,
    sum: 0,
    count: 0,
    slot: Number.NaN,
    offset: 0,
    last: Number.NaN,
    dayBefore: Number.NaN,
    slots: 0,
  };
}

/** One event a slot as a rate a second: added before logarithms, so that zero has one. */
export function oneOf(slotMs: number): number {
  return 1000 / slotMs;
}

/** What is known of a slot before it is learnt: what its inputs are made of. */
export interface Closing {
  /** Log rate of the slot before, of the day before, and what the usual day and week say. */
  before: number;
  yesterday: number;
  day: number;
  week: number;
}

/**
 * Takes one step. Only observed values enter.
 *
 * @param closing filled when the step ends a slot that held an observation
 * @returns whether it did
 */
export function remember(memory: Memory, { step, value, truth }: Observation, closing: Closing): boolean {
  const { slotMs, stepMs } = memory;
  const week = zone(memory.zone).weekOffset(step);
  const into = week % slotMs;
  // Where zone and step do not fit, as 30 minutes and an hour, a step lies across two slots of the local day: it is the first one's.
  const start = stepMs === slotMs ? step : step - into;
  if (start !== memory.openSlot) {
    memory.openSlot = start;
    memory.sum = 0;
    memory.count = 0;
  }
  if (truth === 'observed' && value >= 0 && value !== Number.POSITIVE_INFINITY) {
    memory.sum += value;
    memory.count++;
  }
  if (into + stepMs < slotMs || memory.count === 0) return false;
  closeSlot(memory, week - into, Math.log(memory.sum / memory.count + oneOf(slotMs)), closing);
  return true;
}

function closeSlot(memory: Memory, offset: number, log: number, closing: Closing): void {
  const { yesterday, day, daysSeen, week, weeksSeen, slotMs } = memory;
  const phase = Math.floor((offset % DAY) / slotMs);
  const bin = Math.floor(offset / (WEEK / week.length));
  closing.before = memory.slots === 0 ? log : memory.last;
  closing.yesterday = yesterday[phase] as number;
  closing.day = day[phase] as number;
  closing.week = (weeksSeen[bin] as number) > 0 ? closing.day + (week[bin] as number) : closing.day;

  const count = ++memory.slots;
  memory.mean = count === 1 ? log : memory.mean + (log - memory.mean) / Math.min(count, 7 * day.length);
  if (!Number.isNaN(closing.week)) {
    const off = log - closing.week;
    memory.lately += LATELY * (off - memory.lately);
    memory.dayLong += (off - memory.dayLong) / Math.max(8, day.length);
  }
  memory.change = size(memory.change, log - closing.before, count);
  if (!Number.isNaN(closing.yesterday)) memory.daily = size(memory.daily, log - closing.yesterday, count - day.length);
  memory.lastChange = log - closing.before;
  memory.slot = memory.openSlot;
  memory.offset = offset;
  memory.dayBefore = closing.yesterday;
  memory.last = log;
  yesterday[phase] = log;
  const days = (daysSeen[phase] as number) + 1;
  daysSeen[phase] = days;
  if (days === 1) day[phase] = log;
  else {
    const off = log - closing.day;
    day[phase] = closing.day + Math.max(DAY_GAIN, 1 / days) * off;
    // A bin of the week is learnt from all its slots; each counts for its share of a week.
    const share = Math.min(1, slotMs / (WEEK / week.length));
    const weeks = (weeksSeen[bin] as number) + share;
    weeksSeen[bin] = weeks;
    week[bin] = (week[bin] as number) + Math.max(WEEK_GAIN * share, Math.min(0.5, share / (weeks + 1))) * (off - (week[bin] as number));
  }
}

/** Running mean of a size. The first belief counts for ten; a leap counts for what ten usual ones would. */
function size(before: number, change: number, count: number): number {
  const now = Math.min(Math.abs(change), 10 * before);
  return Math.max(LEAST, before + (now - before) / Math.min(Math.max(0, count) + 10, MEMORY));
}

/** Offset into the local week of a point `ahead` ms after the last slot's start: by the zone, since clocks change. */
export function offsetAt({ zone: id, slot, slotMs, stepMs }: Memory, ahead: number): number {
  const offset = zone(id).weekOffset(slot + ahead);
  return stepMs === slotMs ? offset - (offset % slotMs) : offset;
}

/** Log rate that a profile of the local day has at `offset` into the week, between two slots in proportion. NaN = not known. */
export function profileAt(profile: Float32Array, slotMs: number, offset: number): number {
  const place = (offset % DAY) / slotMs;
  const index = Math.floor(place);
  const share = place - index;
  const left = profile[index % profile.length] as number;
  if (share < 1e-9) return left;
  return left + share * ((profile[(index + 1) % profile.length] as number) - left);
}

/** What the half hour of the week at `offset` adds to the usual day; 0 = nothing is known of it. */
export function weekAt({ week, weeksSeen }: Memory, offset: number): number {
  const bin = Math.floor((offset % WEEK) / (WEEK / week.length));
  return (weeksSeen[bin] as number) > 0 ? (week[bin] as number) : 0;
}

export function bounded(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}
