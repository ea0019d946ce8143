const HOUR = 3_600_000;
const HOURS = 168;
/** Outcomes that the belief in the overall share counts as, in an hour of the week. */
const BELIEF = 30;
/** Share of what was seen that is kept at each outcome of the same hour: some ten weeks of minutes. */
const KEEP = 1 - 1 / 600;

/** How often surges were in each hour of the local week: the climatology of weather forecasts. Data. */
export interface Habit {
  /** Outcomes and surges by hour of the week, those long past counting less; then of all. */
  readonly seen: Float64Array;
  readonly surges: Float64Array;
}

export function beginHabit(): Habit {
  return { seen: new Float64Array(HOURS + 1), surges: new Float64Array(HOURS + 1) };
}

/** Hour of the week of a local time (ms as if UTC). */
export function hourOfWeek(local: number): number {
  const hour = Math.floor(local / HOUR) % HOURS;
  return hour < 0 ? hour + HOURS : hour;
}

export function learnHabit({ seen, surges }: Habit, hour: number, outcome: 0 | 1): void {
  for (const at of [hour, HOURS]) {
    const keep = at === HOURS ? 1 - (1 - KEEP) / 24 : KEEP;
    seen[at] = keep * (seen[at] as number) + 1;
    surges[at] = keep * (surges[at] as number) + outcome;
  }
}

/** Share of outcomes that were surges: over all, and at that hour of the week, which leans on the former while little is known of it. */
export function habitOf({ seen, surges }: Habit, hour: number): { readonly base: number; readonly here: number } {
  const base = ((surges[HOURS] as number) + 0.5) / ((seen[HOURS] as number) + 50);
  const here = ((surges[hour] as number) + BELIEF * base) / ((seen[hour] as number) + BELIEF);
  return { base, here };
}
