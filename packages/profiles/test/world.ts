import type { GroupStep, PluginContext, Profiler, Truth, Usage } from '@auspex/contracts';
import { emptyUsage } from '@auspex/core';
import { type SeededRandom, zone } from '@auspex/numerics';
import { behavior, behaviorConfig } from '../src/index.ts';
import type { BehaviorState } from '../src/state.ts';

export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;
export const WEEK = 7 * DAY;
/** Monday 2025-01-06 00:00 UTC. */
export const MONDAY = Date.UTC(2025, 0, 6);

/** The profiler with the states that it makes; options as a user writes them. */
export function profiler(options: Parameters<typeof behaviorConfig.parse>[0] = {}): Profiler<BehaviorState> {
  return behavior.create(behaviorConfig.parse(options), {} as PluginContext) as Profiler<BehaviorState>;
}

/** A closed step of one group at one POP. */
export function step(at: number, offered: number, truth: Truth = 'observed', fill: (usage: Usage) => void = () => {}): GroupStep {
  const usage = { ...emptyUsage(at, 'g', 'ams'), offered, served: offered };
  fill(usage);
  return { step: at, truth, usage: [usage] };
}

/** Requests a minute: a day that swings by 3.3 around noon or so, a weekend at half. */
export function busyRate(at: number, zoneId = 'UTC', base = 600): number {
  const offset = zone(zoneId).weekOffset(at);
  const hour = (offset % DAY) / HOUR;
  const weekend = offset >= 5 * DAY ? 0.5 : 1;
  return base * weekend * Math.exp(0.6 * Math.sin(((hour - 8) * Math.PI) / 12));
}

/** Folds steps over [from, to) with Poisson counts of mean `mean(at)` a step. */
export function live(
  subject: Profiler<BehaviorState>,
  state: BehaviorState,
  span: { from: number; to: number; stepMs?: number },
  random: SeededRandom,
  mean: (at: number) => number,
): BehaviorState {
  let next = state;
  const empty = emptyUsage(0, 'g', 'ams');
  for (let at = span.from; at < span.to; at += span.stepMs ?? MINUTE) {
    const offered = random.poisson(mean(at));
    next = subject.fold(next, { step: at, truth: 'observed', usage: [{ ...empty, step: at, offered, served: offered }] });
  }
  return next;
}

/** Largest and mean relative error of what is expected over [from, to), every quarter of an hour. */
export function errors(
  subject: Profiler<BehaviorState>,
  state: BehaviorState,
  from: number,
  to: number,
  mean: (at: number) => number,
): { largest: number; average: number; bias: number } {
  let largest = 0;
  let total = 0;
  let expected = 0;
  let truth = 0;
  let count = 0;
  for (let at = from; at < to; at += 15 * MINUTE) {
    const got = (subject.expected(state, at) ?? Number.NaN) * 60;
    const error = Math.abs(got / mean(at) - 1);
    largest = Math.max(largest, error);
    total += error;
    expected += got;
    truth += mean(at);
    count++;
  }
  return { largest, average: total / count, bias: expected / truth - 1 };
}
