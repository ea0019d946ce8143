import type { Detector, Observation, Plugin, SeriesInfo, Usage, UsageEvent } from '@auspex/contracts';
import { emptyUsage } from '@auspex/core';
import { addDistinct, addTally, emptyDistinct, emptyTally, hash32 } from '@auspex/numerics';
import { fakeContext } from '@auspex/testkit';

export const MINUTE = 60_000;
export const START = Date.UTC(2026, 0, 5);

export function infoOf(stepMs = MINUTE, zone = 'UTC'): SeriesInfo {
  return { id: 'pool:web', scope: 'pool', name: 'web', pop: '*', measure: 'requests', zone, stepMs };
}

export function make(plugin: Plugin<'detector'>, options: Record<string, unknown> = {}): Detector {
  return plugin.create(plugin.config.parse(options) as never, fakeContext());
}

/** Scores values step by step. */
export function scores(detector: Detector, values: readonly number[], info = infoOf(), state = detector.begin(info)): number[] {
  return values.map((value, n) => detector.detect(state, at(n, value, info.stepMs), undefined).score);
}

export function at(n: number, value: number, stepMs = MINUTE, truth: Observation['truth'] = 'observed'): Observation {
  return { step: START + n * stepMs, value, truth };
}

/** Counts by attribute and name. */
export type Counts = Readonly<Record<'resource' | 'country' | 'accessLevel' | 'feature', Readonly<Record<string, number>>>>;

/** The usage of a step: requests with these counts, of as many users. */
export function usageOf(
  n: number,
  counts: Partial<Counts>,
  more: { readonly users?: number; readonly failed?: number; readonly requests?: number } = {},
): Usage {
  const sum = (of: Readonly<Record<string, number>> = {}): number => Object.values(of).reduce((a, b) => a + b, 0);
  const requests = more.requests ?? sum(counts.resource);
  const tally = (of: Readonly<Record<string, number>> = {}): Usage['resources'] => {
    const made = emptyTally();
    for (const [key, count] of Object.entries(of)) if (count > 0) addTally(made, key, count);
    return made;
  };
  let users = emptyDistinct();
  for (let i = 0; i < (more.users ?? Math.ceil(requests / 10)); i++) users = addDistinct(users, hash32(`${n}/${i}`));
  const failed = more.failed ?? 0;
  return {
    ...emptyUsage(START + n * MINUTE, 'web', '*'),
    offered: requests,
    served: requests - failed,
    failed,
    work: requests,
    bytes: 1000 * requests,
    kinds: tally({ request: requests }),
    resources: tally(counts.resource),
    features: tally(counts.feature),
    countries: tally(counts.country),
    accessLevels: tally(counts.accessLevel),
    users,
  };
}

export function eventOf(given: Partial<UsageEvent> = {}): UsageEvent {
  return { at: START, kind: 'request', group: 'web', pop: '', outcome: 'served', ...given };
}
