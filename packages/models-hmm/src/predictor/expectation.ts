const HOUR = 3_600_000;
/** Hours of data that an hour of the week must show before its correction is half believed. */
const BELIEF = 2;

/**
 * What is expected of each local time, on a log scale: a curve over the day through 24 hourly knots, plus a correction for
 * each hour of the week. Both follow the same error by steps whose size falls with what was seen, down to a floor that
 * lets old weeks fade.
 */
export interface Expectations {
  /** Log rate at each full local hour, and the weight of the steps it was learnt from. */
  readonly day: Float64Array;
  readonly daySeen: Float64Array;
  /** Correction for each local hour of the week, and its steps. */
  readonly week: Float64Array;
  readonly weekSeen: Float64Array;
  /** Mean log rate of about the last hour: stands in for an hour that was never seen. */
  level: number;
  seen: number;
}

export function beginExpectations(): Expectations {
  return {
    day: new Float64Array(24),
    daySeen: new Float64Array(24),
    week: new Float64Array(168),
    weekSeen: new Float64Array(168),
    level: 0,
    seen: 0,
  };
}

/** Log rate expected at `weekOffset` (ms since Monday 00:00 local). 0 when nothing was ever seen. */
export function expected(expectations: Expectations, weekOffset: number): number {
  const { day, daySeen, week, level } = expectations;
  const hours = weekOffset / HOUR;
  const hour = Math.floor(hours);
  const share = hours - hour;
  const from = hour % 24;
  const to = (from + 1) % 24;
  const left = (daySeen[from] as number) > 0 ? (day[from] as number) : level;
  // An hour that was not reached yet is taken to be like the one before it.
  const right = (daySeen[to] as number) > 0 ? (day[to] as number) : left;
  return left + share * (right - left) + (week[hour] as number);
}

/**
 * Learns one step.
 *
 * @param log its log rate
 * @param stepMs its length: sets how many steps make an hour
 * @param memoryMs how long what was learnt of an hour of the day lasts
 */
export function learnExpectation(expectations: Expectations, weekOffset: number, log: number, stepMs: number, memoryMs: number): void {
  const error = log - expected(expectations, weekOffset);
  const { day, daySeen, week, weekSeen } = expectations;
  const hours = weekOffset / HOUR;
  const hour = Math.floor(hours);
  const share = hours - hour;
  const perHour = HOUR / stepMs;
  expectations.seen++;
  expectations.level += (log - expectations.level) / Math.min(expectations.seen, Math.max(2, perHour));

  // An hour comes once a day, and each of its steps moves two knots.
  const floor = 86_400_000 / (memoryMs * perHour);
  // What the two knots' shares leave out: with it, a step of gain 1 ends the error.
  const gainScale = 1 / ((1 - share) ** 2 + share ** 2);
  learnKnot(day, daySeen, hour % 24, 1 - share, log, error * gainScale, floor);
  learnKnot(day, daySeen, ((hour % 24) + 1) % 24, share, log, error * gainScale, floor);

  // The correction comes only after a day is known, else it would learn what the day has not yet.
  if (expectations.seen < 24 * perHour) return;
  const seen = (weekSeen[hour] as number) + 1;
  weekSeen[hour] = seen;
  const gain = Math.max((7 / 4) * floor, 1 / (seen + BELIEF * perHour));
  week[hour] = (week[hour] as number) + Math.min(0.5, gain) * error;
}

function learnKnot(day: Float64Array, seen: Float64Array, knot: number, share: number, log: number, error: number, floor: number): void {
  if (share === 0) return;
  const before = seen[knot] as number;
  seen[knot] = before + share;
  if (before === 0) day[knot] = log;
  else day[knot] = (day[knot] as number) + Math.min(0.5, Math.max(floor, 1 / (1 + before))) * share * error;
}
