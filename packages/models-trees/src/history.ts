import type { Observation } from '@auspex/contracts';

const DAY = 86_400_000;
/** Furthest that an input looks back beyond a week: the quarter of an hour around the same moment, and the hour of a clock change. */
const BEYOND_MS = 7_200_000;

/** Steps of a block of sums. A window's mean takes one sum of each block that it touches. */
const BLOCK = 64;
/** Steps that a new history has room for: most series are young, or come and go. */
const FEWEST = 128;

/**
 * The rates of the last week, step by step, with sums by block, so that the mean of a long window costs little. What is not known of a
 * step (missing, masked, hidden by capacity) is in no mean.
 *
 * Blocks begin at the multiples of their length, whenever the history began: each sum is that of its block's rates, added in order, and the same to the
 * last bit whether it was carried on or made anew from the rates that a state holds.
 */
export interface History {
  readonly stepMs: number;
  /** Steps that are looked back on. A block more is kept, so that the oldest of them lies in a whole one. */
  readonly span: number;
  /** Rates a second by number of the step, modulo the length, which grows with what has been seen. NaN = not known. */
  rates: Float32Array;
  /** Sum of the known rates of its block up to and with that step, and how many they are. */
  sums: Float64Array;
  counts: Uint8Array;
  /** Numbers of the oldest step that is kept and of the last (its start / stepMs). NaN = nothing was seen. */
  first: number;
  last: number;
  /** What capacity let through of the steps since the last known one, the newest most: demand was not below it. And of which step it is. */
  bound: number;
  boundStep: number;
}

/** Steps that are looked back on: a week and what lies around it. */
export function historySpan(stepMs: number): number {
  return Math.ceil((7 * DAY + BEYOND_MS) / stepMs) + 4;
}

/** Most steps that are kept. */
export function historyMost(stepMs: number): number {
  return historySpan(stepMs) + BLOCK;
}

export function beginHistory(stepMs: number): History {
  const room = Math.min(FEWEST, historyMost(stepMs));
  return {
    stepMs,
    span: historySpan(stepMs),
    rates: new Float32Array(room),
    sums: new Float64Array(room),
    counts: new Uint8Array(room),
    first: Number.NaN,
    last: Number.NaN,
    bound: 0,
    boundStep: Number.NaN,
  };
}

/** Adds a step; those that were left out before it are not known. Steps at or before the last are ignored. */
export function addStep(history: History, { step, truth, value }: Observation): boolean {
  const number = Math.round(step / history.stepMs);
  const known = truth === 'observed' && Number.isFinite(value) && value >= 0;
  if (Number.isNaN(history.last)) {
    if (!known) return false;
    beginAt(history, number);
  }
  if (number <= history.last) return false;
  // Nothing of before is looked back on any more.
  if (number - history.last > historyMost(history.stepMs)) beginAt(history, number);
  for (let skipped = history.last + 1; skipped < number; skipped++) put(history, skipped, Number.NaN);
  put(history, number, known ? value : Number.NaN);
  if (known) history.bound = 0;
  else if (truth === 'censored' && value >= boundAt(history, number)) {
    history.bound = value;
    history.boundStep = number;
  }
  return true;
}

/** Rates that are kept, oldest first. */
export function keptRates(history: History): Float32Array {
  const { first, last, rates } = history;
  if (Number.isNaN(last)) return new Float32Array(0);
  return Float32Array.from({ length: last - first + 1 }, (_, i) => rates[slot(history, first + i)] as number);
}

/** Fills a history that has seen nothing with what `keptRates` gave of one whose last step was `last`. */
export function restoreRates(history: History, last: number, rates: ArrayLike<number>): void {
  if (rates.length === 0) return;
  beginAt(history, last - rates.length + 1);
  for (let i = 0; i < rates.length; i++) put(history, history.first + i, rates[i] as number);
}

function beginAt(history: History, number: number): void {
  history.first = number;
  history.last = number - 1;
}

function put(history: History, number: number, rate: number): void {
  if (number - history.first >= history.rates.length) makeRoom(history);
  const { rates, sums, counts } = history;
  const at = slot(history, number);
  const begins = number === history.first || number === blockBegin(number);
  const before = slot(history, number - 1);
  const known = !Number.isNaN(rate);
  rates[at] = rate;
  sums[at] = (begins ? 0 : (sums[before] as number)) + (known ? (rates[at] as number) : 0);
  counts[at] = (begins ? 0 : (counts[before] as number)) + (known ? 1 : 0);
  history.last = number;
}

/** Doubles the room for steps, up to the most that are kept; then the oldest goes. */
function makeRoom(history: History): void {
  const { rates, sums, counts, first, last } = history;
  const room = Math.min(2 * rates.length, historyMost(history.stepMs));
  if (room === rates.length) {
    history.first++;
    return;
  }
  const from = Array.from({ length: last - first + 1 }, (_, i) => slot(history, first + i));
  history.rates = new Float32Array(room);
  history.sums = new Float64Array(room);
  history.counts = new Uint8Array(room);
  from.forEach((old, i) => {
    const at = slot(history, first + i);
    history.rates[at] = rates[old] as number;
    history.sums[at] = sums[old] as number;
    history.counts[at] = counts[old] as number;
  });
}

function blockBegin(number: number): number {
  return Math.floor(number / BLOCK) * BLOCK;
}

function slot({ rates }: History, number: number): number {
  const rest = number % rates.length;
  return rest < 0 ? rest + rates.length : rest;
}

/** Rate of a step; NaN where it is not known, or no longer. */
export function rateAt(history: History, number: number): number {
  const { first, last, rates, span } = history;
  return number > last || number < first || number <= last - span ? Number.NaN : (rates[slot(history, number)] as number);
}

/** Half of what capacity let through is the least that is expected half an hour later: how long a surge lasts nobody knows. */
const BOUND_HALF_LIFE_MS = 1_800_000;

/** The least that is expected of a step, by what capacity let through before it; 0 = nothing was hidden. */
export function boundAt({ bound, boundStep, stepMs }: History, number: number): number {
  return bound === 0 ? 0 : bound * 0.5 ** (((number - boundStep) * stepMs) / BOUND_HALF_LIFE_MS);
}

/** Number of the newest step whose rate is known; NaN where none is. */
export function lastKnown(history: History): number {
  const { first, last, span } = history;
  for (let number = last; number >= first && number > last - span; number--) if (!Number.isNaN(rateAt(history, number))) return number;
  return Number.NaN;
}

/** Mean rate of the steps from..to (inclusive, those up to the last); NaN where none is known or the first lies beyond what is looked back on. */
export function meanOf(history: History, from: number, to: number): number {
  const { first, last, span, sums, counts } = history;
  const end = Math.min(to, last);
  if (from > end || from <= last - span + 1) return Number.NaN;
  const start = Math.max(from, first);
  let [sum, count] = [0, 0];
  if (start !== first && start !== blockBegin(start)) {
    const before = slot(history, start - 1);
    [sum, count] = [-(sums[before] as number), -(counts[before] as number)];
  }
  for (let block = blockBegin(start); block <= end; block += BLOCK) {
    const at = slot(history, Math.min(end, block + BLOCK - 1));
    sum += sums[at] as number;
    count += counts[at] as number;
  }
  return count > 0 ? Math.max(0, sum / count) : Number.NaN;
}
