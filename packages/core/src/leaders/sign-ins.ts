const HOUR = 3_600_000;
const DAY_HOURS = 24;
const WEEK_HOURS = 168;
/** After so long the level counts half, and after so many visits what was seen in an hour of the week. */
const LEVEL_HALF_LIFE_MS = 3 * 24 * HOUR;
const VISITS = 6;
/** Hours that the wider belief counts as: the mean of the hour of the day in one of the week, 1 in one of the day. */
const BELIEF = 1;
/** A day has to be seen before an hour is told from another. */
const WARM_MS = 24 * HOUR;

/** How often users sign in at each hour of the local week, relative to the level. Data. */
export interface SignInHabit {
  /** Running mean rate, a second. */
  level: number;
  /** Time heard, ms. */
  heard: number;
  /** Sums of rates relative to the level and hours of them, by hour of the day, then of the week; those long past count less. */
  readonly sums: Float64Array;
  readonly hours: Float64Array;
}

export function beginSignInHabit(): SignInHabit {
  return { level: 0, heard: 0, sums: new Float64Array(DAY_HOURS + WEEK_HOURS), hours: new Float64Array(DAY_HOURS + WEEK_HOURS) };
}

/** @param hour of the local week */
export function learnSignIns(habit: SignInHabit, hour: number, rate: number, stepMs: number): void {
  const share = stepMs / HOUR;
  habit.heard += stepMs;
  habit.level += Math.max(stepMs / habit.heard, 1 - 0.5 ** (stepMs / LEVEL_HALF_LIFE_MS)) * (rate - habit.level);
  if (habit.level <= 0) return;
  for (const [at, visits] of [
    [hour % DAY_HOURS, 7 * VISITS],
    [DAY_HOURS + hour, VISITS],
  ] as const) {
    const keep = 0.5 ** (share / visits);
    habit.sums[at] = keep * (habit.sums[at] as number) + (share * rate) / habit.level;
    habit.hours[at] = keep * (habit.hours[at] as number) + share;
  }
}

/** Sign-ins a second that are usual at an hour of the local week; undefined while a day was not seen. */
export function expectedSignIns({ level, heard, sums, hours }: SignInHabit, hour: number): number | undefined {
  if (heard < WARM_MS) return undefined;
  const day = hour % DAY_HOURS;
  const ofDay = ((sums[day] as number) + BELIEF) / ((hours[day] as number) + BELIEF);
  const at = DAY_HOURS + hour;
  return (level * ((sums[at] as number) + BELIEF * ofDay)) / ((hours[at] as number) + BELIEF);
}
