import type { GroupStep, Usage } from '@auspex/contracts';
import { countDistinct, emptyDistinct, mergeDistinct, zone } from '@auspex/numerics';
import type { BehaviorOptions } from './config.ts';
import { foldShape, learningRates, type Rates, rateAt } from './shape.ts';
import type { BehaviorState } from './state.ts';

const DAY_MS = 86_400_000;
export const RELATE_BUCKET_MS = 900_000;

/** Folds one closed step into the state, in place. A step at or before the last one changes nothing. */
export function fold(state: BehaviorState, step: GroupStep, options: BehaviorOptions): BehaviorState {
  if (step.step <= state.lastStep) return state;
  state.lastStep = step.step;
  const known = step.truth === 'observed';
  foldDeviation(state, step, known);
  if (known) {
    const offset = zone(state.zone).weekOffset(step.step);
    foldShape(state.shape, rate(state, step), offset, ratesOf(state.stepMs, options), 1000 / state.stepMs);
  }
  // Who came and what they asked for is known also while capacity was short; inside an incident nothing is usual.
  if (known || step.truth === 'censored') foldMix(state, step, options.mixHalfLife);
  return state;
}

function rate(state: BehaviorState, step: GroupStep): number {
  let offered = 0;
  for (const usage of step.usage) offered += usage.offered;
  return offered / (state.stepMs / 1000);
}

const rates = new Map<string, Rates>();

function ratesOf(stepMs: number, options: BehaviorOptions): Rates {
  const key = `${stepMs}/${options.levelHalfLife}/${options.dailyHalfLife}/${options.weeklyHalfLife}`;
  let known = rates.get(key);
  if (!known) {
    known = learningRates(stepMs, { level: options.levelHalfLife, daily: options.dailyHalfLife, weekly: options.weeklyHalfLife });
    rates.set(key, known);
  }
  return known;
}

/** The group's deviation from expected, averaged over 15 minutes: what groups are related by. Before the step is learnt. */
function foldDeviation(state: BehaviorState, step: GroupStep, known: boolean): void {
  const bucket = Math.floor(step.step / Math.max(RELATE_BUCKET_MS, state.stepMs));
  if (bucket !== state.bucket) {
    if (state.bucket >= 0) {
      state.recent.push(state.bucketCount > 0 ? state.bucketSum / state.bucketCount : Number.NaN);
      // Buckets that were never seen are unknown, so that positions stay times.
      for (let gap = state.bucket + 1; gap < bucket && gap - state.bucket < 288; gap++) state.recent.push(Number.NaN);
    }
    state.bucket = bucket;
    state.bucketSum = 0;
    state.bucketCount = 0;
  }
  if (!known || state.shape.seen === 0) return;
  const one = 1000 / state.stepMs;
  const expected = rateAt(state.shape, zone(state.zone).weekOffset(step.step));
  state.bucketSum += Math.log((rate(state, step) + one) / (expected + one));
  state.bucketCount++;
}

function foldMix(state: BehaviorState, step: GroupStep, halfLife: number): void {
  const day = Math.floor(zone(state.zone).toLocal(step.step) / DAY_MS);
  if (day !== state.day) {
    if (state.day >= 0) {
      const users = countDistinct(state.users);
      state.usualUsers = state.usualUsers === 0 ? users : 0.8 * state.usualUsers + 0.2 * users;
    }
    state.day = day;
    state.users = emptyDistinct();
  }
  for (const usage of step.usage) foldUsage(state, usage, halfLife);
}

function foldUsage(state: BehaviorState, usage: Usage, halfLife: number): void {
  const { step } = usage;
  state.resources.add(usage.resources.counts, step, halfLife);
  state.features.add(usage.features.counts, step, halfLife);
  state.countries.add(usage.countries.counts, step, halfLife);
  state.accessLevels.add(usage.accessLevels.counts, step, halfLife);
  if (usage.offered > 0) state.pops.add(new Map([[usage.pop, usage.offered]]), step, halfLife);
  if (usage.sessionEnds > 0) {
    state.sessions.add(
      new Map(usage.sessionLengths.flatMap((count, bin) => (count > 0 ? [[String(bin), count] as const] : []))),
      step,
      halfLife,
    );
  }
  if (!('hashes' in usage.users) || usage.users.hashes.size > 0) state.users = mergeDistinct(state.users, usage.users);
}
