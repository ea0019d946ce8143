import type { GroupStep, Usage } from '@auspex/contracts';
import { addDistinct, countDistinct, emptyDistinct, mergeDistinct, mergeTally, zone } from '@auspex/numerics';
import type { BehaviorOptions } from './config.ts';
import { foldShape, learningRates, type Rates, rateAt, warmSteps } from './shape.ts';
import { type BehaviorState, RECENT_BUCKETS } from './state.ts';

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
    foldShape(state.shape, rate(state, step), offset, ratesOf(state.stepMs, options));
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
      for (let gap = state.bucket + 1; gap < bucket && gap - state.bucket <= RECENT_BUCKETS; gap++) state.recent.push(Number.NaN);
    }
    state.bucket = bucket;
    state.bucketSum = 0;
    state.bucketCount = 0;
  }
  if (!known || state.shape.seen < warmSteps(state.stepMs)) return;
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
  if (step.usage.length > 0) foldUsage(state, step, halfLife);
}

/** POPs are added up first: what is kept of a step must not depend on their order. */
function foldUsage(state: BehaviorState, { step, usage }: GroupStep, halfLife: number): void {
  for (const name of ['resources', 'features', 'countries', 'accessLevels'] as const) {
    state[name].add(usage.map((one) => one[name]).reduce(mergeTally).counts, step, halfLife);
  }
  const pops = new Map<string, number>();
  const sessions = new Map<string, number>();
  for (const { pop, offered, sessionLengths, users } of usage) {
    if (offered > 0) pops.set(pop, (pops.get(pop) ?? 0) + offered);
    for (const [bin, count] of sessionLengths.entries()) {
      if (count > 0) sessions.set(String(bin), (sessions.get(String(bin)) ?? 0) + count);
    }
    addUsers(state, users);
  }
  state.pops.add(pops, step, halfLife);
  state.sessions.add(sessions, step, halfLife);
}

/** The union, in place while the step's users are few: a copy a step would cost more than all the rest. */
function addUsers(state: BehaviorState, users: Usage['users']): void {
  if ('registers' in users) state.users = mergeDistinct(state.users, users);
  else for (const hash of users.hashes) state.users = addDistinct(state.users, hash);
}
