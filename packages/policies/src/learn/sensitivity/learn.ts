import type { StepOutcome, SurgeOutcome } from '@auspex/contracts';
import type { SensitivityOptions } from './config.ts';

const DAY_MS = 86_400_000;
/** Deviations and impacts below this are noise: what comes of them says nothing. */
const NOISE = 0.1;
/** What came counts for at most so many times what was said: a flash crowd on top of a small deviation did not come of it. */
const MOST_CAME = 3;

/** Most that the surges of one day count together, as a sum of squares of what was said: four of 50 %. */
const DAY_MOST = 1;

/** What is known of one group. Data. */
export interface Known {
  /** Sums over the days before the last, the older counting less: of said x came, and of said squared. */
  came: number;
  said: number;
  /** The last day with surges, in days since the epoch, and its sums. */
  day: number;
  dayCame: number;
  daySaid: number;
}

/** By group, the one with the oldest surge first. */
export type SensitivityState = Map<string, Known>;

/**
 * Takes outcomes in: of a group's surges, how much of what was said at the time (deviation and event impact) came a lead time later. The
 * sensitivity is the slope of a regression through the origin, with 1 as its prior mean:
 *
 *     sensitivity = (prior + sum of said x came) / (prior + sum of said^2)
 *
 * All surges of one day together count for no more than four of 50 %, and move it no further than `perDay`.
 */
export function learnSensitivity(state: SensitivityState, outcomes: readonly StepOutcome[], options: SensitivityOptions): SensitivityState {
  for (const { step, truth, surges } of outcomes) {
    if (truth === 'missing' || truth === 'masked') continue;
    for (const surge of surges ?? []) learnOne(state, surge, Math.floor(step / DAY_MS), options);
  }
  return state;
}

function learnOne(state: SensitivityState, { group, truth, said, came }: SurgeOutcome, day: number, options: SensitivityOptions): void {
  if (truth === 'missing' || truth === 'masked' || !(Math.abs(said) >= NOISE) || !Number.isFinite(came)) return;
  const part = Math.min(Math.max(came / said, 0), MOST_CAME);
  let known = state.get(group) ?? { came: 0, said: 0, day, dayCame: 0, daySaid: 0 };
  // Of a lower bound it is known only that it was no less, and of one below what was expected not even that.
  if (truth === 'censored' && (said < 0 || part < sensitivityOf(known, options))) return;
  if (day > known.day) known = { ...closed(known, options, day), day, dayCame: 0, daySaid: 0 };
  // One of several hundred per cent would outweigh all others.
  const square = Math.min(1, said ** 2);
  known.dayCame += square * part;
  known.daySaid += square;
  // To the end: the newest last.
  state.delete(group);
  state.set(group, known);
  if (state.size > options.groups) state.delete(state.keys().next().value as string);
}

/** The sums when the last day is over: what it moves is bounded, so that it moves nothing more afterwards either. */
function closed(known: Known, options: SensitivityOptions, day: number): Pick<Known, 'came' | 'said'> {
  const keep = 0.5 ** ((day - known.day) / options.halfLife);
  const said = known.said + Math.min(DAY_MOST, known.daySaid);
  // No further than it may go: what is beyond would have to be unlearnt first.
  return { came: keep * (sensitivityOf(known, options) * (options.prior + said) - options.prior), said: keep * said };
}

/** Sensitivity of a group, 1 where nothing is known. */
export function sensitivityOf(known: Known | undefined, options: SensitivityOptions): number {
  if (!known) return 1;
  return Math.min(Math.max(slopeOf(known, options), options.least), options.most);
}

function slopeOf({ came, said, dayCame, daySaid }: Known, { perDay, prior }: SensitivityOptions): number {
  const before = (prior + came) / (prior + said);
  if (daySaid === 0) return before;
  const scale = Math.min(1, DAY_MOST / daySaid);
  const slope = (prior + came + scale * dayCame) / (prior + said + scale * daySaid);
  return Math.min(Math.max(slope, before * (1 - perDay)), before * (1 + perDay));
}
