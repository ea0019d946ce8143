import { DAYS_BACK, type Holidays, SUNDAY, weekday } from './holidays.ts';
import { DAY, lag, type Memory, placeOf, profileAt } from './memory.ts';

/**
 * Inputs that belong to the target's time of week, in this order: one and two days, one and two weeks, mean of four days, eight
 * days, mean of seven days, and the profile of the week.
 */
export const LAGS = 8;
export const [D1, D2, W1, W2, M4, D8, M7, PROFILE] = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** Inputs that belong to the origin, in this order; `REFERENCE` is what all logs are taken relative to. */
export const ORIGIN = 13;
export const [REFERENCE, Y0, Y1, FAST, HOUR, WEEK, O_D1, O_W1, O_M4, O_PROFILE, DEV_FAST, DEV_SLOW, DEV_PROFILE] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
] as const;
/** The last of them are deviations, not rates. */
export const DEVIATIONS = 3;

/** Inputs of one regression: 1, the lags and the origin's values. */
export const INPUTS = 1 + LAGS + ORIGIN - 1;

/**
 * Log rates of earlier days and weeks at the local time `local`, into `out`. What is not known is replaced by its nearest
 * kin, so that models meet sane values while history grows.
 *
 * @returns false, and `out` is NaN, when no day is known at that time
 */
export function seasonalLags(memory: Memory, local: number, stepMs: number, out: Float64Array, holidays?: Holidays): boolean {
  const place = placeOf(memory, local, stepMs);
  if (holidays === undefined) return fillLags(memory, place, 0, out);
  const day = Math.floor(local / DAY);
  const mask = holidays.mask(day);
  const onHoliday = (mask & 1) === 1;
  // An ordinary day has no model in a holiday; where nothing else is known it has to do.
  const known = (!onHoliday && fillLags(memory, place, mask, out)) || fillLags(memory, place, 0, out);
  if (known && onHoliday) likeSunday(memory, place, day, mask, out);
  else if (known && (mask & 2) === 2) afterHoliday(memory, place, day, mask, out);
  return known;
}

/** @param skip bit k = the day `k` days before counts as unknown */
function fillLags(memory: Memory, place: number, skip: number, out: Float64Array): boolean {
  let d1 = lagBut(memory, place, 1, skip);
  let d2 = lagBut(memory, place, 2, skip);
  let w1 = lagBut(memory, place, 7, skip);
  let w2 = lagBut(memory, place, 14, skip);
  let d8 = lagBut(memory, place, 8, skip);
  let sum = 0;
  let count = 0;
  let m4 = Number.NaN;
  for (let days = 1; days <= 7; days++) {
    const value = days === 1 ? d1 : days === 2 ? d2 : days === 7 ? w1 : lagBut(memory, place, days, skip);
    if (!Number.isNaN(value)) {
      sum += value;
      count++;
    }
    if (days === 4 && count > 0) m4 = sum / count;
  }
  if (count === 0) {
    out.fill(Number.NaN);
    return false;
  }
  const m7 = sum / count;
  if (Number.isNaN(m4)) m4 = m7;
  if (Number.isNaN(d1)) d1 = Number.isNaN(d2) ? m4 : d2;
  if (Number.isNaN(d2)) d2 = d1;
  if (Number.isNaN(w1)) {
    w1 = Number.isNaN(w2) ? d1 : w2;
    d8 = d1;
  } else if (Number.isNaN(d8)) d8 = d1;
  if (Number.isNaN(w2)) w2 = w1;
  out[D1] = d1;
  out[D2] = d2;
  out[W1] = w1;
  out[W2] = w2;
  out[M4] = m4;
  out[D8] = d8;
  out[M7] = m7;
  const profile = profileAt(memory, place);
  out[PROFILE] = Number.isNaN(profile) ? m4 : profile;
  return true;
}

function lagBut(memory: Memory, place: number, days: number, skip: number): number {
  return (skip & (1 << days)) === 0 ? lag(memory, place, days) : Number.NaN;
}

/**
 * A holiday is like a Sunday: its weeks before are the last two Sundays or holidays that are known, its day before last week's is the day
 * before the first of them, and its place in the profile is Sunday's. The days just before it are what they were.
 */
function likeSunday(memory: Memory, place: number, day: number, mask: number, out: Float64Array): void {
  const first = restDay(memory, place, day, mask, 1);
  if (first > 0) {
    const second = restDay(memory, place, day, mask, first + 1);
    out[W1] = lag(memory, place, first);
    out[W2] = lag(memory, place, second > 0 ? second : first);
    const before = lag(memory, place, first + 1);
    out[D8] = Number.isNaN(before) ? (out[D1] as number) : before;
  }
  const sunday = profileAt(memory, place + (SUNDAY - weekday(day)) * (DAY / memory.bucketMs));
  if (!Number.isNaN(sunday)) out[PROFILE] = sunday;
}

/**
 * The day after a holiday is like a Monday: yesterday is what it was, and the day that its level is told from is no day of last
 * week but the Sunday or holiday before.
 */
function afterHoliday(memory: Memory, place: number, day: number, mask: number, out: Float64Array): void {
  const yesterday = lag(memory, place, 1);
  const before = restDay(memory, place, day, mask, 2);
  if (Number.isNaN(yesterday) || before === 0) return;
  out[D1] = yesterday;
  out[D8] = lag(memory, place, before);
}

/** Days back to the newest Sunday or holiday, `from` days back or more, that is known at that time; 0 = none. */
function restDay(memory: Memory, place: number, day: number, mask: number, from: number): number {
  for (let days = from; days <= DAYS_BACK; days++) {
    const isRest = (mask & (1 << days)) !== 0 || weekday(day - days) === SUNDAY;
    if (isRest && !Number.isNaN(lag(memory, place, days))) return days;
  }
  return 0;
}

/** One row of the regression into `x`: target lags and origin values, relative to the origin's reference. */
export function assemble(lags: Float64Array, origins: Float64Array, from: number, x: Float64Array): void {
  const reference = origins[from + REFERENCE] as number;
  // Before a day is known the recent level stands in for every season.
  const known = !Number.isNaN(lags[0] as number);
  const level = origins[from + FAST] as number;
  x[0] = 1;
  for (let i = 0; i < LAGS; i++) x[1 + i] = known ? (lags[i] as number) - reference : level;
  for (let i = 1; i < ORIGIN; i++) x[LAGS + i] = origins[from + i] as number;
}
