import { zone } from '@auspex/numerics';
import { type History, meanOf, rateAt } from './history.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

/** Spans of recent means, of extremes and of spread; spans around the same moment of other days. */
const MEANS = [1, 2, 3, 5, 10, 15, 30, 180, 1440].map((minutes) => minutes * MINUTE);
const MAXIMA = [5, 15, 60, 180].map((minutes) => minutes * MINUTE);
const MINIMA = [15, 60].map((minutes) => minutes * MINUTE);
const SPREADS = [15, 60].map((minutes) => minutes * MINUTE);
const BACK = [DAY, 2 * DAY, WEEK] as const;
const AROUND = [2 * MINUTE, 15 * MINUTE] as const;
/** Single steps before the last. */
const SINGLE = 8;
/** A step below this share of the last hour's mean is quiet: a source that stopped, a crawl, the calm before a catch-up. */
const QUIET = 0.15;
const LONGEST_QUIET = 240;

/** Inputs that belong to the origin, and in all. */
const ORIGIN = 1 + MEANS.length + MAXIMA.length + MINIMA.length + SPREADS.length + SINGLE + 2 + BACK.length;
const TARGET = BACK.length * AROUND.length + 4;
export const INPUTS: number = ORIGIN + TARGET;

/** What rates are measured in: their logarithms, over an offset, less that of the last hour's mean. */
export interface Scale {
  /** Rate a second that is added before logarithms are taken. */
  readonly offset: number;
}

/**
 * Inputs of an origin, into `out` from `at` on: recent means, extremes and spread, single steps, quiet and how long, what the same moment
 * of other days was. All logs relative to the mean of the last hour, which is returned.
 *
 * @param last number of the last known step
 * @returns log of the last hour's mean; NaN where nothing is known of it
 */
export function originInputs(history: History, last: number, zoneId: string, { offset }: Scale, out: Float32Array, at: number): number {
  const { stepMs } = history;
  const log = (rate: number): number => Math.log(rate + offset);
  const steps = (ms: number): number => Math.max(1, Math.round(ms / stepMs));
  const hour = Math.max(3, steps(HOUR));
  const mean = meanOf(history, last - hour + 1, last);
  const reference = log(mean);
  if (Number.isNaN(reference)) return Number.NaN;
  let next = at;
  const put = (value: number): void => {
    out[next++] = value;
  };
  put(reference);
  for (const span of MEANS) put(log(meanOf(history, last - steps(span) + 1, last)) - reference);
  for (const span of MAXIMA) put(log(extreme(history, last, steps(span), Math.max)) - reference);
  for (const span of MINIMA) put(log(extreme(history, last, steps(span), Math.min)) - reference);
  for (const span of SPREADS) put(spread(history, last, Math.max(3, steps(span)), log));
  for (let back = 1; back <= SINGLE; back++) put(log(rateAt(history, last - back)) - reference);
  const quiet = QUIET * mean;
  const longest = Math.min(LONGEST_QUIET, 4 * hour);
  put(stretch(history, last, longest, (rate) => !(rate < quiet)));
  put(stretch(history, last, longest, (rate) => rate < quiet));
  const half = Math.round((AROUND[1] as number) / stepMs);
  for (const back of BACK) {
    const then = before(last, back, stepMs, zoneId);
    put(log(meanOf(history, then - half, then + half)) - reference);
  }
  return reference;
}

/** Inputs of a target `ahead` steps after `last`, behind those of the origin; `at` is where the row begins. */
export function targetInputs(
  history: History,
  last: number,
  ahead: number,
  reference: number,
  zoneId: string,
  { offset }: Scale,
  out: Float32Array,
  at: number,
): void {
  const { stepMs } = history;
  const target = last + ahead;
  let next = at + ORIGIN;
  const means = BACK.flatMap((back) => {
    const then = before(target, back, stepMs, zoneId);
    // What lies after `last` is not known yet: a day ahead, the day before is today.
    return AROUND.map((around) => {
      const half = Math.round(around / stepMs);
      return meanOf(history, then - half, Math.min(then + half, last));
    });
  });
  for (let k = 0; k < means.length; k++) out[next++] = Math.log(standIn(means, k) + offset) - reference;
  const local = zone(zoneId).toLocal(target * stepMs);
  out[next++] = (((local % HOUR) + HOUR) % HOUR) / MINUTE;
  out[next++] = (((local % DAY) + DAY) % DAY) / MINUTE;
  out[next++] = (((local % WEEK) + WEEK) % WEEK) / MINUTE;
  out[next++] = ahead;
}

/** Number of the step at the same local time `back` before: after a clock change an hour more or less ago. */
function before(number: number, back: number, stepMs: number, zoneId: string): number {
  const clock = zone(zoneId);
  const at = number * stepMs;
  return number - Math.round((back - clock.offset(at) + clock.offset(at - back)) / stepMs);
}

function extreme(history: History, last: number, steps: number, pick: (a: number, b: number) => number): number {
  let found = Number.NaN;
  for (let number = last - steps + 1; number <= last; number++) {
    const rate = rateAt(history, number);
    if (!Number.isNaN(rate)) found = Number.isNaN(found) ? rate : pick(found, rate);
  }
  return found;
}

function spread(history: History, last: number, steps: number, log: (rate: number) => number): number {
  let [sum, squares, count] = [0, 0, 0];
  for (let number = last - steps + 1; number <= last; number++) {
    const value = log(rateAt(history, number));
    if (Number.isNaN(value)) continue;
    sum += value;
    squares += value * value;
    count++;
  }
  return count < 2 ? Number.NaN : Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
}

/** Steps back from the last for which `holds`, at most `longest`. */
function stretch(history: History, last: number, longest: number, holds: (rate: number) => boolean): number {
  let steps = 0;
  while (steps < longest && holds(rateAt(history, last - steps))) steps++;
  return steps;
}

/** A moment that was not seen: the wider span around it, else the same moment of another day. */
function standIn(means: readonly number[], k: number): number {
  const own = means[k] as number;
  if (!Number.isNaN(own)) return own;
  const wide = (at: number): number => means[AROUND.length * at + AROUND.length - 1] as number;
  const day = Math.floor(k / AROUND.length);
  return [day, 2, 0, 1].map(wide).find((mean) => !Number.isNaN(mean)) ?? Number.NaN;
}
