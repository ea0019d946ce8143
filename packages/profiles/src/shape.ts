import { zone } from '@auspex/numerics';

/** Buckets of the day (15 minutes) and of the week (1 hour, Monday 00:00 first). */
export const DAY_BUCKETS = 96;
export const WEEK_BUCKETS = 168;

const DAY_MS = 86_400_000;
const BUCKET_MS = DAY_MS / DAY_BUCKETS;
const HOUR_MS = 3_600_000;

/**
 * Level x daily x weekly shape of a rate, in natural logarithms; counts say in how many visits each bucket was learnt
 * (up to 63). A visit is a quarter of an hour, or a step where steps are longer.
 */
export interface Shape {
  level: number;
  /** Steps folded in. */
  seen: number;
  /** Mean absolute error of a visit, with outliers cut: how much this group varies. */
  spread: number;
  /** The visit that is not yet learnt: its quarter of the local week, the sum of its rates, its steps. */
  quarter: number;
  sum: number;
  count: number;
  readonly daily: Float32Array;
  readonly weekly: Float32Array;
  readonly dailySeen: Uint8Array;
  readonly weeklySeen: Uint8Array;
  /** Was the last visit of the bucket far above (1) or below (-1) what is usual? */
  readonly dailyOdd: Int8Array;
  readonly weeklyOdd: Int8Array;
}

export function beginShape(): Shape {
  return {
    level: 0,
    seen: 0,
    spread: 1,
    quarter: -1,
    sum: 0,
    count: 0,
    daily: new Float32Array(DAY_BUCKETS),
    weekly: new Float32Array(WEEK_BUCKETS),
    dailySeen: new Uint8Array(DAY_BUCKETS),
    weeklySeen: new Uint8Array(WEEK_BUCKETS),
    dailyOdd: new Int8Array(DAY_BUCKETS),
    weeklyOdd: new Int8Array(WEEK_BUCKETS),
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

/** Steps that are seen before anything is expected: eight, or an hour of them, whichever is more. */
export function warmSteps(stepMs: number): number {
  return Math.max(8, Math.ceil(HOUR_MS / stepMs));
}

/** What a visit teaches: half-lives turned into shares of the error that level, day and week take. */
export interface Rates {
  readonly stepMs: number;
  readonly stepsOfVisit: number;
  readonly level: number;
  readonly daily: number;
  readonly weekly: number;
}

/** @param half half-lives in ms of level, daily and weekly shape */
export function learningRates(stepMs: number, half: { level: number; daily: number; weekly: number }): Rates {
  const share = (visitEveryMs: number, halfLifeMs: number): number => 1 - 0.5 ** (visitEveryMs / halfLifeMs);
  const visitMs = Math.max(BUCKET_MS, stepMs);
  return {
    stepMs,
    stepsOfVisit: visitMs / stepMs,
    level: share(visitMs, half.level),
    // A quarter of the day comes once a day, an hour of the week has so many visits a week.
    daily: share(DAY_MS, half.daily),
    weekly: share((7 * DAY_MS * visitMs) / HOUR_MS, half.weekly),
  };
}

/**
 * Folds one observed step into the shape, in place. The first steps make the level, as their plain mean; from then on
 * the steps of a quarter of an hour are gathered and learnt together when the next one begins.
 *
 * @param rate a second
 * @param offset milliseconds into the local week
 */
export function foldShape(shape: Shape, rate: number, offset: number, rates: Rates): void {
  const warm = warmSteps(rates.stepMs);
  if (shape.seen < warm) {
    const mean = shape.seen === 0 ? 0 : Math.exp(shape.level);
    // Nothing in so many steps is taken for one event in them.
    shape.level = Math.log(Math.max(mean + (rate - mean) / (shape.seen + 1), 1000 / rates.stepMs / warm));
  } else {
    const quarter = Math.floor(offset / BUCKET_MS);
    if (quarter !== shape.quarter) {
      if (shape.count > 0) learn(shape, rates);
      shape.quarter = quarter;
      shape.sum = 0;
      shape.count = 0;
    }
    shape.sum += rate;
    shape.count++;
  }
  shape.seen++;
}

/** An error of so many times the usual one, or of so many events, is odd. */
const ODD = 3;
/** Days or weeks of a bucket in which nothing is odd yet. */
const YOUNG_DAYS = 3;
const YOUNG_VISITS = 8;
const MOST_SEEN = 63;

/**
 * Each part takes a share of the visit's relative error, and more of it while its bucket is new: the day first, then the
 * week, so that they do not learn the same thing. The error is that of a Poisson count under a log link, (y − μ)/μ, whose
 * mean is zero when μ is right (McCullagh & Nelder 1989); beyond twice and half the expected it grows by its logarithm.
 * The level follows all of it. The habits cut what is odd (Huber 1964), so that one surge is no habit, until it is so
 * again at the same time of the next day or week.
 */
function learn(shape: Shape, rates: Rates): void {
  const { daily, weekly, dailySeen, weeklySeen, dailyOdd, weeklyOdd } = shape;
  const offset = shape.quarter * BUCKET_MS;
  const day = shape.quarter % DAY_BUCKETS;
  const hour = Math.floor(offset / HOUR_MS);
  const days = dailySeen[day] as number;
  const visits = weeklySeen[hour] as number;
  const seconds = (shape.count * rates.stepMs) / 1000;
  const count = rateAt(shape, offset) * seconds;
  // One event more on both sides, so that nothing seen is a finite error.
  const ratio = ((shape.sum / shape.count) * seconds + 1) / (count + 1);
  const error = ratio > 2 ? 1 + Math.log(ratio / 2) : ratio < 0.5 ? Math.log(2 * ratio) - 0.5 : ratio - 1;
  const limit = ODD * Math.max(shape.spread, 1 / (count + 1));
  const cut = Math.max(-limit, Math.min(limit, error));
  const odd = error === cut ? 0 : Math.sign(error);
  const again = odd !== 0 && (dailyOdd[day] === odd || weeklyOdd[hour] === odd);
  const whole = Math.min(1, shape.count / rates.stepsOfVisit);
  const early = rates.stepsOfVisit / shape.seen;
  shape.level += whole * Math.max(rates.level * Math.min(1, visits / YOUNG_VISITS), 0.5 * early) * error;
  shape.spread += whole * Math.max(rates.level, early) * (Math.abs(cut) - shape.spread);
  const dailyStep = odd === 0 || again || days < YOUNG_DAYS ? Math.max(rates.daily, 1 / (days + 1)) * error : rates.daily * cut;
  const weeklyStep = odd === 0 || again || visits < YOUNG_VISITS ? Math.max(rates.weekly, 2 / (visits + 4)) * error : rates.weekly * cut;
  daily[day] = (daily[day] as number) + whole * dailyStep;
  weekly[hour] = (weekly[hour] as number) + whole * weeklyStep * Math.min(1, days / 7);
  dailySeen[day] = Math.min(MOST_SEEN, days + 1);
  weeklySeen[hour] = Math.min(MOST_SEEN, visits + 1);
  dailyOdd[day] = odd;
  // At the last visit of the hour alone, so that its quarters do not take each other for last week's.
  if ((offset % HOUR_MS) + Math.max(BUCKET_MS, rates.stepMs) > HOUR_MS - BUCKET_MS) weeklyOdd[hour] = odd;
}
