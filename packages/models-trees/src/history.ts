import type { Observation } from '@auspex/contracts';

const DAY = 86_400_000;
/** Furthest that an input looks back beyond a week: the quarter of an hour around the same moment, and the hour of a clock change. */
const BEYOND_MS = 7_200_000;

/**
 * The rates of the last week, step by step, with running sums, so that the mean of any window costs the same. What is not known of a
 * step (missing, masked, hidden by capacity) is in no mean.
 */
export interface History {
  readonly stepMs: number;
  /** Rates a second by number of the step, modulo the length. NaN = not known. */
  readonly rates: Float32Array;
  /** Sum of the known rates up to and with that step, and how many they are. */
  readonly sums: Float64Array;
  readonly counts: Float64Array;
  /** Number of the last step (its start / stepMs). NaN = nothing was seen. */
  last: number;
  /** What capacity let through of the steps since the last known one, the newest most: demand was not below it. And of which step it is. */
  bound: number;
  boundStep: number;
}

export function historyLength(stepMs: number): number {
  return Math.ceil((7 * DAY + BEYOND_MS) / stepMs) + 4;
}

export function beginHistory(stepMs: number): History {
  const length = historyLength(stepMs);
  return {
    stepMs,
    rates: new Float32Array(length).fill(Number.NaN),
    sums: new Float64Array(length),
    counts: new Float64Array(length),
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
    history.last = number - 1;
  }
  if (number <= history.last) return false;
  const from = Math.max(history.last + 1, number - history.rates.length);
  for (let skipped = from; skipped < number; skipped++) put(history, skipped, Number.NaN);
  put(history, number, known ? value : Number.NaN);
  if (known) history.bound = 0;
  else if (truth === 'censored' && value >= boundAt(history, number)) {
    history.bound = value;
    history.boundStep = number;
  }
  return true;
}

function put(history: History, number: number, rate: number): void {
  const { rates, sums, counts } = history;
  const at = slot(history, number);
  const before = slot(history, number - 1);
  const known = !Number.isNaN(rate);
  rates[at] = rate;
  sums[at] = (sums[before] as number) + (known ? (rates[at] as number) : 0);
  counts[at] = (counts[before] as number) + (known ? 1 : 0);
  history.last = number;
}

function slot({ rates }: History, number: number): number {
  const rest = number % rates.length;
  return rest < 0 ? rest + rates.length : rest;
}

/** Rate of a step; NaN where it is not known, or no longer. */
export function rateAt(history: History, number: number): number {
  const { last, rates } = history;
  return number > last || number <= last - rates.length ? Number.NaN : (rates[slot(history, number)] as number);
}

/** Half of what capacity let through is the least that is expected half an hour later: how long a surge lasts nobody knows. */
const BOUND_HALF_LIFE_MS = 1_800_000;

/** The least that is expected of a step, by what capacity let through before it; 0 = nothing was hidden. */
export function boundAt({ bound, boundStep, stepMs }: History, number: number): number {
  return bound === 0 ? 0 : bound * 0.5 ** (((number - boundStep) * stepMs) / BOUND_HALF_LIFE_MS);
}

/** Number of the newest step whose rate is known; NaN where none is. */
export function lastKnown(history: History): number {
  const { last, rates } = history;
  for (let number = last; number > last - rates.length; number--) if (!Number.isNaN(rateAt(history, number))) return number;
  return Number.NaN;
}

/** Mean rate of the steps from..to (inclusive, those up to the last); NaN where none is known or the first lies beyond what is kept. */
export function meanOf(history: History, from: number, to: number): number {
  const { last, rates, sums, counts } = history;
  const end = Math.min(to, last);
  if (from > end || from <= last - rates.length + 1) return Number.NaN;
  const [a, b] = [slot(history, from - 1), slot(history, end)];
  const count = (counts[b] as number) - (counts[a] as number);
  return count > 0 ? Math.max(0, ((sums[b] as number) - (sums[a] as number)) / count) : Number.NaN;
}

/** Running sums lose digits over the years: they begin anew from the rates that are kept. */
export function rebuild(history: History): void {
  const { last, rates, sums, counts } = history;
  if (Number.isNaN(last)) return;
  sums.fill(0);
  counts.fill(0);
  for (let number = last - rates.length + 2; number <= last; number++) {
    const rate = rates[slot(history, number)] as number;
    put(history, number, rate);
  }
  history.last = last;
}
