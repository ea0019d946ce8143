const MINUTE = 60_000;
export const DAY = 86_400_000;
/** Two weeks and a day, so that the day before a fortnight's lag is there too, and one more to write into. */
const DAYS = 16;
/** So many weeks the profile of the week is a plain mean of; later ones count a sixteenth each. */
const MOST_WEEKS = 16;

/**
 * What the series was at each local time of the last two weeks, on the log scale. Short steps are kept as means of about
 * a quarter of an hour: a smoother guide to the same time on another day than one noisy minute, and small.
 * Buckets are counted in local time, so that a clock change moves no phase; the hour it skips stays unknown.
 */
export interface Memory {
  /** Logs by local bucket, modulo its length. NaN = unknown. */
  readonly logs: Float32Array;
  /** Mean log at each local time of the week over the weeks, the last sixteen most. NaN = unknown. */
  readonly profile: Float32Array;
  /** Weeks that a place of the profile stands on. */
  readonly weeks: Uint8Array;
  readonly bucketMs: number;
  /** Local number of the bucket that is being filled. */
  bucket: number;
  sum: number;
  count: number;
  /** Was every step of the bucket that is being filled observed, and no holiday? Only then does the profile learn from it. */
  observed: boolean;
}

/** Length of a bucket: the step itself from ten minutes up, else the first span near fifteen minutes that steps tile. */
export function bucketLength(stepMs: number): number {
  if (stepMs >= 10 * MINUTE) return stepMs;
  return [15, 20, 12, 30, 60].map((minutes) => minutes * MINUTE).find((ms) => ms % stepMs === 0) ?? 60 * MINUTE;
}

export function beginMemory(stepMs: number): Memory {
  const bucketMs = bucketLength(stepMs);
  const week = Math.ceil((7 * DAY) / bucketMs);
  return {
    logs: new Float32Array(Math.ceil((DAYS * DAY) / bucketMs)).fill(Number.NaN),
    profile: new Float32Array(week).fill(Number.NaN),
    weeks: new Uint8Array(week),
    bucketMs,
    bucket: Number.NaN,
    sum: 0,
    count: 0,
    observed: true,
  };
}

function floorMod(value: number, by: number): number {
  const rest = value % by;
  return rest < 0 ? rest + by : rest;
}

/**
 * Writes the rate of the step that starts at the local time `local`. A local time that returns (clocks put back) is written anew.
 * @param typical false = the rate is what is believed of the step, or a holiday's: memory keeps it, the profile does not learn from it
 */
export function remember(memory: Memory, local: number, rate: number, offset: number, typical: boolean): void {
  const { logs, bucketMs } = memory;
  const bucket = Math.floor(local / bucketMs);
  if (bucket !== memory.bucket) {
    if (memory.observed && memory.count > 0) learnProfile(memory);
    const skipped = Math.min(bucket - memory.bucket - 1, logs.length);
    for (let i = 1; i <= skipped; i++) logs[floorMod(bucket - i, logs.length)] = Number.NaN;
    memory.bucket = bucket;
    memory.sum = 0;
    memory.count = 0;
    memory.observed = true;
  }
  memory.observed &&= typical;
  memory.sum += rate;
  memory.count++;
  logs[floorMod(bucket, logs.length)] = Math.log(memory.sum / memory.count + offset);
}

/** The bucket that was filled last goes into the profile of the week. */
function learnProfile(memory: Memory): void {
  const { logs, profile, weeks, bucket } = memory;
  const place = floorMod(bucket, profile.length);
  const log = logs[floorMod(bucket, logs.length)] as number;
  const seen = Math.min(MOST_WEEKS, (weeks[place] as number) + 1);
  weeks[place] = seen;
  const before = profile[place] as number;
  profile[place] = seen === 1 ? log : before + (log - before) / seen;
}

/** Mean log rate at the time of the week of `place`. NaN = no week is known there. */
export function profileAt(memory: Memory, place: number): number {
  const { profile } = memory;
  const low = Math.floor(place);
  const index = floorMod(low, profile.length);
  const a = profile[index] as number;
  if (low === place) return a;
  const b = profile[index + 1 === profile.length ? 0 : index + 1] as number;
  if (Number.isNaN(a)) return b;
  return Number.isNaN(b) ? a : a + (b - a) * (place - low);
}

/** Where the local time `local` (ms as if UTC) of a step lies among buckets: its fraction is the share of the next one. */
export function placeOf(memory: Memory, local: number, stepMs: number): number {
  const { bucketMs } = memory;
  // Between the middles of two buckets a short step lies on a line.
  return bucketMs === stepMs ? Math.floor(local / bucketMs) : (local + stepMs / 2) / bucketMs - 0.5;
}

/** Log rate `days` days before `place`. NaN = unknown. */
export function lag(memory: Memory, place: number, days: number): number {
  const { logs } = memory;
  const then = place - days * (DAY / memory.bucketMs);
  const low = Math.floor(then);
  if (low > memory.bucket || low <= memory.bucket - logs.length) return Number.NaN;
  const index = floorMod(low, logs.length);
  const a = logs[index] as number;
  if (low === then || low === memory.bucket) return a;
  const b = logs[index + 1 === logs.length ? 0 : index + 1] as number;
  if (Number.isNaN(a)) return b;
  return Number.isNaN(b) ? a : a + (b - a) * (then - low);
}

/** Changes the offset inside the logs. */
export function reanchor(memory: Memory, before: number, after: number): void {
  for (const logs of [memory.logs, memory.profile]) {
    for (let i = 0; i < logs.length; i++) logs[i] = Math.log(Math.max(0, Math.exp(logs[i] as number) - before) + after);
  }
}
