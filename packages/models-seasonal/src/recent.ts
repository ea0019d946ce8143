import {
  D1,
  DEV_FAST,
  DEV_PROFILE,
  DEV_SLOW,
  FAST,
  HOUR,
  M4,
  O_D1,
  O_M4,
  O_PROFILE,
  O_W1,
  PROFILE,
  REFERENCE,
  W1,
  WEEK,
  Y0,
  Y1,
} from './features.ts';
import { DAY } from './memory.ts';

const HOUR_MS = 3_600_000;

/** The last values, exponentially weighted means of the rate, of its log's deviation from the season, and their count. */
export interface Recent {
  /** Last two log rates, newest first. */
  readonly last: Float64Array;
  /** Means of the rate over about six steps, an hour (at least twelve steps), a day and a week. */
  readonly means: Float64Array;
  /** Means of the log deviation from the mean of yesterday and a week ago, over about four and twenty-four steps, and from the profile, over a day. */
  readonly deviations: Float64Array;
  count: number;
  deviationCount: number;
}

export function beginRecent(): Recent {
  return { last: new Float64Array(2), means: new Float64Array(4), deviations: new Float64Array(3), count: 0, deviationCount: 0 };
}

/** Share of the newest value in a mean over about `steps` steps; a plain mean until there are as many. */
function gain(steps: number, count: number): number {
  return Math.max(2 / (steps + 1), 1 / count);
}

/** Adds a step: its rate, its log, and the season's lags at its time (NaN = no day known yet). */
export function addRecent(recent: Recent, rate: number, log: number, lags: Float64Array, stepMs: number): void {
  const { last, means, deviations } = recent;
  const count = ++recent.count;
  last[1] = count === 1 ? log : (last[0] as number);
  last[0] = log;
  mix(means, 0, rate, gain(6, count));
  mix(means, 1, rate, gain(Math.max(12, HOUR_MS / stepMs), count));
  mix(means, 2, rate, gain(DAY / stepMs, count));
  mix(means, 3, rate, gain((7 * DAY) / stepMs, count));
  if (Number.isNaN(lags[0] as number)) return;
  const deviation = log - 0.5 * ((lags[D1] as number) + (lags[W1] as number));
  const seen = ++recent.deviationCount;
  mix(deviations, 0, deviation, gain(4, seen));
  mix(deviations, 1, deviation, gain(24, seen));
  mix(deviations, 2, log - (lags[PROFILE] as number), gain(DAY / stepMs, seen));
}

function mix(into: Float64Array, index: number, value: number, share: number): void {
  const before = into[index] as number;
  into[index] = before + share * (value - before);
}

/** The inputs that belong to the origin after the step whose season was `lags`, into `out` at `at`. */
export function originInputs(recent: Recent, lags: Float64Array, offset: number, out: Float64Array, at: number): void {
  const { last, means, deviations } = recent;
  const reference = Math.log((means[2] as number) + offset);
  const fast = Math.log((means[0] as number) + offset) - reference;
  const known = !Number.isNaN(lags[0] as number);
  out[at + REFERENCE] = reference;
  out[at + Y0] = (last[0] as number) - reference;
  out[at + Y1] = (last[1] as number) - reference;
  out[at + FAST] = fast;
  out[at + HOUR] = Math.log((means[1] as number) + offset) - reference;
  out[at + WEEK] = Math.log((means[3] as number) + offset) - reference;
  out[at + O_D1] = known ? (lags[D1] as number) - reference : fast;
  out[at + O_W1] = known ? (lags[W1] as number) - reference : fast;
  out[at + O_M4] = known ? (lags[M4] as number) - reference : fast;
  out[at + O_PROFILE] = known ? (lags[PROFILE] as number) - reference : fast;
  out[at + DEV_FAST] = deviations[0] as number;
  out[at + DEV_SLOW] = deviations[1] as number;
  out[at + DEV_PROFILE] = deviations[2] as number;
}
