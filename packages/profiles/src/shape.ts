import { zone } from '@auspex/numerics';

/** Buckets of the day (15 minutes) and of the week (1 hour, Monday 00:00 first). */
export const DAY_BUCKETS = 96;
export const WEEK_BUCKETS = 168;

const DAY_MS = 86_400_000;
const BUCKET_MS = DAY_MS / DAY_BUCKETS;
const HOUR_MS = 3_600_000;

/** Level x daily x weekly shape of a rate, in natural logarithms; counts say how often each bucket was seen (up to 255). */
export interface Shape {
  level: number;
  seen: number;
  readonly daily: Float32Array;
  readonly weekly: Float32Array;
  readonly dailySeen: Uint8Array;
  readonly weeklySeen: Uint8Array;
}

export function beginShape(): Shape {
  return {
    level: 0,
    seen: 0,
    daily: new Float32Array(DAY_BUCKETS),
    weekly: new Float32Array(WEEK_BUCKETS),
    dailySeen: new Uint8Array(DAY_BUCKETS),
    weeklySeen: new Uint8Array(WEEK_BUCKETS),
  };
}

/** Expected rate a second at `at` (epoch ms) in the zone `zoneId`. */
export function expectedRate(shape: Shape, at: number, zoneId: string): number {
  return rateAt(shape, zone(zoneId).weekOffset(at));
}

/** Expected rate a second at `offset` milliseconds into the local week. */
export function rateAt(shape: Shape, offset: number): number {
  const day = Math.floor((offset % DAY_MS) / BUCKET_MS);
  const hour = Math.floor(offset / HOUR_MS);
  return Math.exp(shape.level + (shape.daily[day] as number) + (shape.weekly[hour] as number));
}

/** Learning rates of one step: half-lives turned into shares of the error that level, day and week take. */
export interface Rates {
  readonly level: number;
  readonly daily: number;
  readonly weekly: number;
}

/** @param half half-lives in ms of level, daily and weekly shape */
export function learningRates(stepMs: number, half: { level: number; daily: number; weekly: number }): Rates {
  const share = (visitEveryMs: number, halfLifeMs: number): number => 1 - 0.5 ** (visitEveryMs / halfLifeMs);
  return {
    level: share(stepMs, half.level),
    // A bucket is visited BUCKET_MS / stepMs times a day (at least once), an hour of the week so often a week.
    daily: share(DAY_MS / Math.max(1, BUCKET_MS / stepMs), half.daily),
    weekly: share((7 * DAY_MS) / Math.max(1, HOUR_MS / stepMs), half.weekly),
  };
}

/**
 * Folds one observed step into the shape, in place: each part takes a share of the relative error, and more of it while
 * its bucket is new. The error is that of a Poisson rate under a log link, (y − μ)/μ, whose mean is zero when μ is right
 * (McCullagh & Nelder 1989); beyond twice the expected it grows by its logarithm, so that one surge does not wreck a habit.
 *
 * @param rate a second
 * @param one rate that one event a step stands for, so that empty steps have a finite error
 */
export function foldShape(shape: Shape, rate: number, offset: number, rates: Rates, one: number): void {
  if (shape.seen === 0) shape.level = Math.log(rate + one);
  const day = Math.floor((offset % DAY_MS) / BUCKET_MS);
  const hour = Math.floor(offset / HOUR_MS);
  const ratio = (rate + one) / (rateAt(shape, offset) + one);
  const error = ratio > 2 ? 1 + Math.log(ratio / 2) : ratio - 1;
  const dailySeen = shape.dailySeen[day] as number;
  const weeklySeen = shape.weeklySeen[hour] as number;
  shape.level += Math.max(rates.level, 0.5 / (shape.seen + 1)) * error;
  shape.daily[day] = (shape.daily[day] as number) + Math.max(rates.daily, 0.5 / (dailySeen + 1)) * error;
  shape.weekly[hour] = (shape.weekly[hour] as number) + Math.max(rates.weekly, 0.25 / (weeklySeen + 1)) * error;
  shape.seen++;
  if (dailySeen < 255) shape.dailySeen[day] = dailySeen + 1;
  if (weeklySeen < 255) shape.weeklySeen[hour] = weeklySeen + 1;
}
