import type { Observation, SeriesInfo } from '@auspex/contracts';
import { zone } from '@auspex/numerics';
import { EXTRAS, HORIZONS, INPUTS } from './network.ts';
import { addToScale, beginScale, type Scale } from './scale.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const WEEK = 7 * DAY;
/** Bounds on inputs: an outlier may shout, not deafen. Those of the LSTM are squashed anyway, the head's are not. */
const [MOST_INPUT, MOST_CHANGE] = [4, 50] as const;

/** What inputs are made of: the last day by local time, and the series' own scale. */
export interface Memory {
  readonly zone: string;
  readonly stepMs: number;
  /** Length of a slot: the step, or for short steps the first span from five minutes that they tile. */
  readonly slotMs: number;
  /** Log rate by slot of the local day, at most 288. NaN = not seen yet. */
  readonly day: Float64Array;
  readonly scale: Scale;
  /** Start of the slot being filled, the sum and count of its observed rates. */
  openSlot: number;
  sum: number;
  count: number;
  /** The last slot that held an observation: start, place in the day, log rate, and log rate a day before it. */
  slot: number;
  phase: number;
  last: number;
  yesterday: number;
  /** Slots so far. */
  slots: number;
}

/** Length of a slot for steps of `stepMs`. */
export function slotLength(stepMs: number): number {
  if (stepMs >= 5 * MINUTE) return stepMs;
  return [5, 6, 10, 12, 15, 20, 30].map((minutes) => minutes * MINUTE).find((ms) => ms % stepMs === 0) ?? 60 * MINUTE;
}

export function beginMemory({ zone: id, stepMs }: Pick<SeriesInfo, 'zone' | 'stepMs'>): Memory {
  const slotMs = slotLength(stepMs);
  return {
    zone: id,
    stepMs,
    slotMs,
    day: new Float64Array(Math.ceil(DAY / slotMs)).fill(Number.NaN),
    scale: beginScale(),
    openSlot: Number.NaN,
    sum: 0,
    count: 0,
    slot: Number.NaN,
    phase: 0,
    last: Number.NaN,
    yesterday: Number.NaN,
    slots: 0,
  };
}

/** One event a step as a rate a second: added before logarithms, so that zero has one. */
export function oneOf(stepMs: number): number {
  return 1000 / stepMs;
}

/**
 * Takes one step. Only observed values enter.
 *
 * @param inputs receives the LSTM's inputs from `at` on when the step ends a slot that held an observation
 * @returns whether it did
 */
export function remember(memory: Memory, { step, value, truth }: Observation, inputs: Float64Array, at: number): boolean {
  const { slotMs, stepMs } = memory;
  const week = zone(memory.zone).weekOffset(step);
  const into = week % slotMs;
  if (step - into !== memory.openSlot) {
    memory.openSlot = step - into;
    memory.sum = 0;
    memory.count = 0;
  }
  if (truth === 'observed' && value >= 0 && value !== Number.POSITIVE_INFINITY) {
    memory.sum += value;
    memory.count++;
  }
  if (into + stepMs < slotMs || memory.count === 0) return false;
  closeSlot(memory, week - into, Math.log(memory.sum / memory.count + oneOf(stepMs)), inputs, at);
  return true;
}

/** Inputs: distance from the mean, from yesterday, from the slot before, log scale, and where in the day and week. */
function closeSlot(memory: Memory, week: number, log: number, inputs: Float64Array, at: number): void {
  const { day, scale } = memory;
  const before = memory.slots === 0 ? log : memory.last;
  addToScale(scale, log, log - before, day.length);
  const phase = Math.floor(week / memory.slotMs) % day.length;
  memory.yesterday = day[phase] as number;
  memory.slot = memory.openSlot;
  memory.phase = phase;
  memory.last = log;
  memory.slots++;
  day[phase] = log;
  const dayAngle = (2 * Math.PI * (week % DAY)) / DAY;
  const weekAngle = (2 * Math.PI * week) / WEEK;
  inputs[at] = bounded(log - scale.mean, MOST_INPUT);
  inputs[at + 1] = Number.isNaN(memory.yesterday) ? 0 : bounded((log - memory.yesterday) / (2 * scale.change), MOST_INPUT);
  inputs[at + 2] = bounded((log - before) / (2 * scale.change), MOST_INPUT);
  inputs[at + 3] = bounded(1 + 0.5 * Math.log(scale.change), MOST_INPUT);
  inputs[at + 4] = Math.sin(dayAngle);
  inputs[at + 5] = Math.cos(dayAngle);
  inputs[at + 6] = Math.sin(weekAngle);
  inputs[at + INPUTS - 1] = Math.cos(weekAngle);
}

/** For each horizon, how yesterday went on from this time of day, in the series' changes. 0 where yesterday is unknown. */
export function seasonChanges(memory: Memory, out: Float64Array, at: number): void {
  for (let k = 0; k < EXTRAS; k++) {
    const change = seasonChange(memory, HORIZONS[k] as number);
    out[at + k] = Number.isNaN(change) ? 0 : change;
  }
}

/** The same for any number of slots ahead. NaN where yesterday is unknown. */
export function seasonChange({ day, phase, yesterday, scale }: Memory, ahead: number): number {
  return bounded(((day[(phase + ahead) % day.length] as number) - yesterday) / scale.change, MOST_CHANGE);
}

export function bounded(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}
