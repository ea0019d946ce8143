import type { Measure } from './usage.ts';

/** A key with its share of the group's usage, 0..1. */
export interface Share {
  readonly key: string;
  readonly share: number;
}

/** Another group whose demand moves with this one. */
export interface Correlation {
  readonly group: string;
  /** Milliseconds by which the other group leads this one (positive) or trails it (negative). */
  readonly lagMs: number;
  /** Pearson correlation of the log deviations from expected at that lag, -1..1. */
  readonly r: number;
}

/** What is believed of one group. Encoded in at most 4 KB. Rates are per second unless named otherwise. */
export interface BehaviorProfile {
  readonly group: string;
  readonly zone: string;
  readonly measure: Measure;
  /** Steps folded in, and the last of them (epoch ms). */
  readonly steps: number;
  readonly lastStep: number;
  /** Expected requests a minute and an hour, averaged over a week. */
  readonly perMinute: number;
  readonly perHour: number;
  /** Expected requests a minute for each hour of the local week, Monday 00:00 first; 168 values. */
  readonly weekly: readonly number[];
  /** Local times of week with the highest expected rate, highest first. */
  readonly peaks: readonly { readonly day: number; readonly hour: number; readonly perMinute: number }[];
  /** Session lengths in seconds; absent when no session was seen. */
  readonly sessions?: { readonly median: number; readonly p90: number; readonly perHour: number };
  readonly resources: readonly Share[];
  readonly features: readonly Share[];
  readonly countries: readonly Share[];
  readonly accessLevels: readonly Share[];
  /** Distinct users: today so far and the usual day (estimates). */
  readonly users: { readonly today: number; readonly usualDay: number };
  /** Share of the group's demand by POP. */
  readonly pops: readonly Share[];
  readonly correlated: readonly Correlation[];
  /** Multiplies (deviation + event impact) into the surge score. Starts at 1. */
  readonly sensitivity: number;
}
