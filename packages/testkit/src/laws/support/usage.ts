import type { GroupStep, Tally, Truth, Usage } from '@auspex/contracts';
import { addTally, emptyDistinct, emptyTally, SeededRandom, zone } from '@auspex/numerics';

export const STEP_MS = 900_000;
/** Monday 2026-01-05T00:00:00Z. */
export const MONDAY = Date.UTC(2026, 0, 5);

/** A usage in which nothing happened. */
export function nobody(step: number, group: string, pop: string): Usage {
  const counts = { offered: 0, served: 0, throttled: 0, failed: 0, timedOut: 0, retried: 0, work: 0, bytes: 0 };
  const tallies = {
    kinds: emptyTally(),
    resources: emptyTally(),
    features: emptyTally(),
    countries: emptyTally(),
    accessLevels: emptyTally(),
    sources: emptyTally(),
  };
  return { step, group, pop, ...counts, ...tallies, users: emptyDistinct(), sessionStarts: 0, sessionEnds: 0, sessionLengths: [] };
}

/** The usage of so many requests, with a few of all that a usage can tell. Whole numbers, so that sums have no order. */
export function busy(step: number, group: string, pop: string, requests: number, random: SeededRandom): Usage {
  const usage = nobody(step, group, pop);
  Object.assign(usage, { offered: requests, served: requests, work: requests, bytes: 100 * requests, sessionStarts: 1, sessionEnds: 1 });
  usage.sessionLengths = [0, 0, 0, 0, 0, 0, 1 + random.below(3), 0, 1];
  addTally(usage.kinds, 'request', requests);
  for (const [key, share] of [
    ['/a', 8],
    ['/b', 4],
    ['/c', 2],
  ] as const)
    addTally(usage.resources, key, Math.floor((requests * share) / 14));
  addTally(usage.features, 'search', requests);
  addTally(usage.countries, 'DE', requests);
  addTally(usage.accessLevels, 'free', requests);
  if ('hashes' in usage.users) for (let i = 0; i < 4; i++) usage.users.hashes.add(1 + random.below(40));
  return usage;
}

/** Requests a step of a day that is busy from nine to five, local time, ten times as much as at other hours. */
export function office(at: number, zoneId: string): number {
  const hour = (zone(zoneId).toLocal(at) / 3_600_000) % 24;
  return hour >= 9 && hour < 17 ? 9_000 : 900;
}

export interface StepOptions {
  readonly steps?: number;
  readonly from?: number;
  readonly group?: string;
  readonly zone?: string;
  readonly seed?: string;
  /** Multiplies requests. Default 1. */
  readonly scale?: number;
}

/** Closed steps of a group that works by the day in its zone (default Europe/Berlin), at two POPs. */
export function steps(given: StepOptions = {}): GroupStep[] {
  const { steps: length = 400, from = MONDAY, group = 'web', zone: zoneId = 'Europe/Berlin', seed = 'usage', scale = 1 } = given;
  const random = new SeededRandom(seed);
  return Array.from({ length }, (_, i) => {
    const step = from + i * STEP_MS;
    const requests = random.poisson(scale * office(step, zoneId));
    const there = Math.floor(requests / 3);
    return {
      step,
      truth: 'observed',
      usage: [busy(step, group, 'ams', requests - there, random), busy(step, group, 'fra', there, random)],
    };
  });
}

/** The same steps with some of them hidden: every fifth, with so many requests in place of what was there. */
export function hiding(all: readonly GroupStep[], truth: Truth, requests: number): GroupStep[] {
  const random = new SeededRandom('hidden');
  return all.map((one, i) => {
    if (i % 5 !== 3) return one;
    const usage = one.usage.map(({ group, pop }) => busy(one.step, group, pop, requests, random));
    return { step: one.step, truth, usage };
  });
}

/** A step of its own: nothing in it is shared with the one that it was made of. */
export function copyOf({ usage, ...step }: GroupStep): GroupStep {
  const tally = ({ level, counts, other }: Tally): Tally => ({ level, counts: new Map(counts), other });
  const copies = usage.map(
    (one): Usage => ({
      ...one,
      kinds: tally(one.kinds),
      resources: tally(one.resources),
      features: tally(one.features),
      countries: tally(one.countries),
      accessLevels: tally(one.accessLevels),
      sources: tally(one.sources),
      users: 'hashes' in one.users ? { hashes: new Set(one.users.hashes) } : { registers: one.users.registers.slice() },
      sessionLengths: [...one.sessionLengths],
    }),
  );
  return { ...step, usage: copies };
}
