/* The story: when it plays, how fast, how many requests come, and what a worker serves. */

const MINUTE = 60_000;
const DAY = 1_440;

/** Seconds of the story that pass in one of ours: a minute takes 0.4 s. Each request that is sent stands for so many, so that rates are the real ones. */
export const PACE = 150;
/** Requests a second that a worker serves, and minutes from its start to its first answer. */
export const WORKER_RATE = 25;
export const BOOT_MINUTES = 5;
export const BOUNDS = { min: 2, max: 12 };

/** Five days are made up and learnt; the evening of the sixth is lived through. */
const FIRST_DAY = Date.UTC(2026, 0, 5);
const DAYS_LEARNT = 5;
/** Every evening at six, three times as many come from one minute to the next, for forty minutes. */
const SURGE = { begin: 18 * 60, end: 18 * 60 + 40, factor: 3 };
const LIVED = { begin: SURGE.begin - 20, end: SURGE.end + 10 };

/** Time of a minute of the n-th day that is lived through, epoch ms. */
const at = (minute, day = 0) => FIRST_DAY + ((DAYS_LEARNT + day) * DAY + minute) * MINUTE;

export const BEGIN = at(LIVED.begin);
/** What is measured of an evening, `[from, to)` in epoch ms. */
export const evening = (day) => ({ from: at(LIVED.begin, day), to: at(LIVED.end, day) });

/** Requests a second at a time, before chance: the rhythm of the day, and the surge. */
export function demandAt(time) {
  const minute = (((time - FIRST_DAY) / MINUTE) % DAY) | 0;
  const day = 1 + 0.4 * Math.sin((2 * Math.PI * minute) / DAY - Math.PI / 2);
  return 50 * day * (minute >= SURGE.begin && minute < SURGE.end ? SURGE.factor : 1);
}

/** Between 0.9 and 1.1, another each minute, the same in each run. */
export function chance(time) {
  const n = Math.sin(Math.floor(time / MINUTE) * 12.9898) * 43_758.5453;
  return 0.9 + 0.2 * (n - Math.floor(n));
}

/** The log of the days before the story, one line for a quarter of a minute. */
export function* past() {
  const part = MINUTE / 4;
  for (let time = FIRST_DAY; time < BEGIN; time += part) {
    yield logLine(time, 'served', Math.round((demandAt(time) * chance(time) * part) / 1_000));
  }
}

/** A line of the log that Auspex reads. */
export function logLine(time, outcome, count) {
  return `${JSON.stringify({ at: time, kind: 'request', group: 'shop', outcome, count })}\n`;
}

/** 17:40 of a time. */
export const clockOf = (time) => new Date(time).toISOString().slice(11, 16);
