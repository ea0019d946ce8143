import type { SeededRandom } from '@auspex/numerics';
import { INPUTS, LOCALS, pointLocals, STATICS, seriesStatics, slotInputs, unitOf } from '../features.ts';
import { beginMemory, bounded, type Closing, DAY, type Memory, remember } from '../memory.ts';
import { type PackedSeries, truthAt } from './packed.ts';

/** Points that each window is asked for. */
export const POINTS = 8;
/** Bound of a target, in units. */
const MOST_TARGET = 50;
/** Share of the time, the newest, that training is judged by. */
const HELD_OUT = 0.15;

/** Windows of all series as the network sees them, in no order of time. */
export interface Windows {
  readonly count: number;
  /** T. */
  readonly length: number;
  /** [N x T x I]. */
  readonly inputs: Float32Array;
  /** [N x S]. */
  readonly statics: Float32Array;
  /** [N x POINTS x L]. */
  readonly locals: Float32Array;
  /** [N x POINTS]: change of the log rate since the window's end, in the series' units. NaN = not observed. */
  readonly targets: Float32Array;
}

/** Windows to learn from, and later ones to be judged by. */
export interface Split {
  readonly training: Windows;
  readonly heldOut: Windows;
  /** Windows that there are, drawn or not. */
  readonly usable: number;
}

/** A window's end: number `slot` of the slots of series `series`. */
interface End {
  readonly series: number;
  readonly slot: number;
}

/** Furthest point of a series, in slots: a day, or as far ahead as its forecasts are asked for. */
function furthest({ series }: PackedSeries, slotMs: number): number {
  return Math.max(1, Math.ceil(Math.max(DAY, (series.ahead ?? 0) * series.stepMs) / slotMs));
}

/**
 * Draws windows from all series and splits them at one moment of calendar time: what is learnt from, targets and all, lies before it in
 * every series, what is judged by begins after it. What one series shows after the moment cannot reach the training through another.
 *
 * @param length T
 * @param most windows to learn from; an eighth of it to be judged by
 */
export function drawWindows(all: readonly PackedSeries[], length: number, most: number, random: SeededRandom): Split {
  const starts = all.map((packed) => endsOf(packed, length));
  const sorted = sortedAll(starts);
  const cut = sorted.length > 0 ? (sorted[Math.floor(sorted.length * (1 - HELD_OUT))] as number) : 0;
  const earlier = starts.map((each) => each.filter((start) => start < cut).length);
  const training = draw(earlier, most, random).map(({ series, slot }) => ({ series, slot: slot + length - 1 }));
  const later = starts.map((each, series) => each.length - (earlier[series] as number));
  const heldOut = draw(later, Math.ceil(most / 8), random).map(({ series, slot }) => ({
    series,
    slot: slot + (earlier[series] as number) + length - 1,
  }));
  return {
    training: fill(all, training, length, random.fork('training'), cut),
    heldOut: fill(all, heldOut, length, random.fork('held out'), Number.POSITIVE_INFINITY),
    usable: sorted.length,
  };
}

function sortedAll(lists: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all.sort();
}

/** Runs a series through the same memory that serves, and tells each slot. */
function replay(packed: PackedSeries, told: (memory: Memory, closing: Closing) => void): Memory {
  const memory = beginMemory(packed.series);
  const closing: Closing = { before: 0, yesterday: 0, day: 0, week: 0 };
  for (let i = 0; i < packed.steps.length; i++) {
    const observation = { step: packed.steps[i] as number, value: packed.values[i] as number, truth: truthAt(packed, i) };
    if (remember(memory, observation, closing)) told(memory, closing);
  }
  return memory;
}

/** Starts of the slots at which a window may end, rising: the first is slot `length - 1`. */
function endsOf(packed: PackedSeries, length: number): Float64Array {
  const starts: number[] = [];
  replay(packed, ({ slots, slot }) => {
    if (slots >= length) starts.push(slot);
  });
  // The last has nothing after it.
  starts.pop();
  return Float64Array.from(starts);
}

/**
 * The first `most` of a seeded shuffle (Fisher-Yates) of counts[0] slots of series 0, then those of series 1 and so on. What was not
 * moved stands where it was, so that only what is drawn takes memory.
 */
function draw(counts: readonly number[], most: number, random: SeededRandom): End[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const moved = new Map<number, number>();
  return Array.from({ length: Math.min(most, total) }, (_, i) => {
    const j = i + random.below(total - i);
    let slot = moved.get(j) ?? j;
    moved.set(j, moved.get(i) ?? i);
    let series = 0;
    while (slot >= (counts[series] as number)) slot -= counts[series++] as number;
    return { series, slot };
  });
}

/** @param until targets lie before this, epoch ms; later ones count as not observed */
function fill(all: readonly PackedSeries[], ends: readonly End[], length: number, random: SeededRandom, until: number): Windows {
  const windows: Windows = {
    count: ends.length,
    length,
    inputs: new Float32Array(ends.length * length * INPUTS),
    statics: new Float32Array(ends.length * STATICS),
    locals: new Float32Array(ends.length * POINTS * LOCALS),
    targets: new Float32Array(ends.length * POINTS).fill(Number.NaN),
  };
  const bySeries = new Map<number, Map<number, number>>();
  ends.forEach(({ series, slot }, n) => {
    const of = bySeries.get(series) ?? new Map<number, number>();
    bySeries.set(series, of.set(slot, n));
  });
  const scratch = { statics: new Float64Array(STATICS), locals: new Float64Array(LOCALS) };
  for (const [series, wanted] of [...bySeries].sort(([a], [b]) => a - b))
    fillSeries(all[series] as PackedSeries, wanted, windows, random, until, scratch);
  return windows;
}

interface Wanted {
  readonly n: number;
  readonly point: number;
  readonly last: number;
  readonly unit: number;
}

function fillSeries(
  packed: PackedSeries,
  wanted: ReadonlyMap<number, number>,
  windows: Windows,
  random: SeededRandom,
  until: number,
  { statics, locals }: { readonly statics: Float64Array; readonly locals: Float64Array },
): void {
  const { length } = windows;
  const ring = new Float64Array(length * INPUTS);
  const due = new Map<number, Wanted[]>();
  replay(packed, (memory, closing) => {
    const { slots, slot, slotMs, last } = memory;
    slotInputs(memory, closing, ring, ((slots - 1) % length) * INPUTS);
    for (const { n, point, last: before, unit } of due.get(slot) ?? []) {
      windows.targets[n * POINTS + point] = bounded((last - before) / unit, MOST_TARGET);
    }
    due.delete(slot);
    const n = wanted.get(slots - 1);
    if (n === undefined) return;
    for (let t = 0; t < length; t++) {
      const from = ((slots + t) % length) * INPUTS;
      windows.inputs.set(ring.subarray(from, from + INPUTS), (n * length + t) * INPUTS);
    }
    seriesStatics(memory, statics, 0);
    windows.statics.set(statics, n * STATICS);
    const most = furthest(packed, slotMs);
    for (let point = 0; point < POINTS; point++) {
      // Even over the logarithm: near ones are as many as far ones, and one of each part is there in every window.
      const ahead = Math.min(most, Math.floor((most + 1) ** ((point + random.next()) / POINTS)));
      pointLocals(memory, ahead * slotMs, locals, 0);
      windows.locals.set(locals, (n * POINTS + point) * LOCALS);
      const target = slot + ahead * slotMs;
      if (target + slotMs > until) continue;
      const list = due.get(target) ?? [];
      list.push({ n, point, last, unit: unitOf(memory) });
      due.set(target, list);
    }
  });
}
