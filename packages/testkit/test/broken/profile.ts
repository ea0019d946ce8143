import { type BehaviorProfile, defineProfiler, type GroupStep, type Profiler, type Share, type Usage } from '@auspex/contracts';
import { pack, unpack, zone } from '@auspex/numerics';
import type { Subjects } from '@auspex/testkit';
import { z } from 'zod';
import { type Broken, commonlyBroken } from '../proof.ts';

interface State {
  group: string;
  zone: string;
  stepMs: number;
  last: number;
  steps: number;
  /** Requests a second summed by local hour of the day, and steps in it. */
  sums: number[];
  counts: number[];
  resources: Record<string, number>;
  pops: Record<string, number>;
  asked: number;
  kept?: Usage['resources'];
  trail?: string;
}
type Tiny = Profiler<State>;
type Subject = Subjects['profiler'];

const HOUR = 3_600_000;
const localHour = (state: State, at: number): number => Math.floor((((zone(state.zone).toLocal(at) / HOUR) % 24) + 24) % 24);

/** The mean by local hour of the day, and what is asked for. */
const tiny: Tiny = {
  begin: ({ id, zone: zoneId, stepMs }) => ({
    group: id,
    zone: zoneId,
    stepMs,
    last: -1,
    steps: 0,
    sums: new Array(24).fill(0),
    counts: new Array(24).fill(0),
    resources: {},
    pops: {},
    asked: 0,
  }),
  fold: (state, { step, truth, usage }) => {
    if (step <= state.last) return state;
    state.last = step;
    state.steps++;
    if (truth !== 'observed') return state;
    const hour = localHour(state, step);
    const offered = usage.reduce((sum, one) => sum + one.offered, 0);
    state.sums[hour] = (state.sums[hour] ?? 0) + (offered * 1000) / state.stepMs;
    state.counts[hour] = (state.counts[hour] ?? 0) + 1;
    for (const one of usage) {
      for (const [key, count] of one.resources.counts) add(state.resources, key, count);
      add(state.pops, one.pop, one.offered);
    }
    state.resources = heaviest(state.resources);
    state.pops = heaviest(state.pops);
    return state;
  },
  expected: (state, at) => {
    const hour = localHour(state, at);
    const count = state.counts[hour] ?? 0;
    return count === 0 ? undefined : (state.sums[hour] ?? 0) / count;
  },
  sensitivity: () => 1,
  profile: (state): BehaviorProfile => {
    const day = state.sums.map((sum, hour) => (60 * sum) / Math.max(1, state.counts[hour] ?? 0));
    const perMinute = day.reduce((sum, value) => sum + value, 0) / 24;
    return {
      group: state.group,
      zone: state.zone,
      measure: 'requests',
      steps: state.steps,
      lastStep: state.last,
      perMinute,
      perHour: 60 * perMinute,
      weekly: Array.from({ length: 168 }, (_, hour) => day[hour % 24] as number),
      peaks: [],
      resources: shares(state.resources),
      features: [],
      countries: [],
      accessLevels: [],
      users: { today: 0, usualDay: 0 },
      pops: shares(state.pops),
      correlated: [],
      sensitivity: 1,
    };
  },
  relate: (states) =>
    new Map(
      [...states.keys()].map((group) => [
        group,
        [...states.keys()].filter((other) => other !== group).map((other) => ({ group: other, lagMs: 0, r: 0.5 })),
      ]),
    ),
  encode: (state) => pack({ v: 1, ...state }),
  decode: (bytes) => {
    const read = unpack<State & { v: number }>(bytes);
    if (read?.v !== 1) throw new Error('this is no state of tiny');
    const { v: _, ...state } = read;
    return state;
  },
};

function add(counts: Record<string, number>, name: string, count: number): void {
  const key = name.slice(0, 24);
  counts[key] = (counts[key] ?? 0) + count;
}

function heaviest(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts)
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, 8),
  );
}

function shares(counts: Record<string, number>): Share[] {
  const sum = Object.values(counts).reduce((total, count) => total + count, 0);
  return Object.entries(heaviest(counts)).map(([key, count]) => ({ key, share: sum === 0 ? 0 : count / sum }));
}

type Change = (right: Tiny) => Partial<Tiny>;

const subject = (change: Change) => (): Subject => ({
  plugin: defineProfiler({ id: 'tiny', summary: 'A test.', config: z.strictObject({}), create: () => ({ ...tiny, ...change(tiny) }) }),
});

export const rightProfiler = subject(() => ({}));

const broken = (law: string, how: string, change: Change): Broken<Subject> => ({ law, how, make: subject(change) });

const folding =
  (change: (state: State, step: GroupStep, right: Tiny) => State): Change =>
  (right) => ({
    fold: (state, step) => change(state, step, right),
  });
const expecting =
  (change: (rate: number | undefined, state: State, at: number) => number | undefined): Change =>
  (right) => ({
    expected: (state, at) => change(right.expected(state, at), state, at),
  });
const saying =
  (change: (profile: BehaviorProfile, state: State) => Partial<BehaviorProfile>): Change =>
  (right) => ({
    profile: (state) => ({ ...right.profile(state), ...change(right.profile(state), state) }),
  });

const rate = 'expected is a rate, or undefined';
const asking = 'asking changes nothing';
const given = 'the usage that it is given stays as it was';
const kept = 'nothing of the usage is kept';
const pops = 'the order of the POPs in a step does not matter';
const hidden = 'missing and masked steps teach nothing';
const read = 'a state that is read back goes on as the one that was written';
const says = 'a profile says everything, in the units of the contract';
const change = 'a clock change loses no step and doubles none';
const same = 'the same seed and usage give the same, whatever the clock and chance of the process';
const relates = 'relating groups names groups that are there, and changes none';

export const brokenProfilers: readonly Broken<Subject>[] = [
  ...commonlyBroken(rightProfiler),
  broken(
    rate,
    'nothing is divided by nothing',
    expecting((value, { steps }) => (steps === 0 ? Number.NaN : value)),
  ),
  broken(
    rate,
    'a trend goes below nothing',
    expecting((value, _, at) => (value !== undefined && at > Date.UTC(2030, 0) ? value - 1e9 : value)),
  ),
  broken(
    asking,
    'it counts questions',
    expecting((value, state) => {
      state.asked++;
      return value;
    }),
  ),
  broken(
    'a step is folded once',
    'the last step is folded again',
    folding((state, step, right) => {
      if (step.step === state.last) state.last = step.step - 1;
      return right.fold(state, step);
    }),
  ),
  broken(
    'a step is folded once',
    'only the very last step is known',
    folding((state, step, right) => {
      if (step.step < state.last) state.last = step.step - 1;
      return right.fold(state, step);
    }),
  ),
  broken(
    given,
    'it merges the POPs into the first',
    folding((state, step, right) => {
      const [first, ...rest] = step.usage;
      const next = right.fold(state, step);
      for (const other of rest) if (first) first.offered += other.offered;
      return next;
    }),
  ),
  broken(
    given,
    'it empties the tallies',
    folding((state, step, right) => {
      const next = right.fold(state, step);
      for (const one of step.usage) one.resources.counts.delete('/c');
      return next;
    }),
  ),
  broken(kept, 'it keeps the tally of the last step', (right) => ({
    ...folding((state, step) => {
      const next = right.fold(state, step);
      const last = step.usage.find((usage) => usage.pop === 'ams');
      if (last && step.truth === 'observed') next.kept = last.resources;
      return next;
    })(right),
    profile: (state) => ({ ...right.profile(state), features: [...(state.kept?.counts.keys() ?? [])].map((key) => ({ key, share: 0 })) }),
    // The one part that a restart loses is put back, so that only keeping it is wrong.
    encode: (state) => right.encode({ ...state, kept: { ...state.kept, counts: [...(state.kept?.counts ?? [])] } as never }),
    decode: (bytes) => {
      const state = right.decode(bytes);
      return { ...state, kept: { level: 0, other: 0, ...state.kept, counts: new Map(state.kept?.counts as never) } };
    },
  })),
  broken(pops, 'the first POP is the group', (right) => ({
    ...folding((state, step) => {
      const next = right.fold(state, step);
      if (step.truth === 'observed') next.trail = step.usage[0]?.pop.slice(0, 20) ?? '';
      return next;
    })(right),
    ...saying((_, state) => ({ accessLevels: [{ key: state.trail ?? '', share: 0 }] }))(right),
  })),
  broken(
    hidden,
    'masked steps are learnt',
    folding((state, step, right) => right.fold(state, step.truth === 'masked' ? { ...step, truth: 'observed' } : step)),
  ),
  broken(
    hidden,
    'what a missing step has is learnt',
    folding((state, step, right) => right.fold(state, step.truth === 'missing' ? { ...step, truth: 'observed' } : step)),
  ),
  broken(read, 'sums are written in whole numbers', (right) => ({
    encode: (state) => right.encode({ ...state, sums: state.sums.map(Math.round) }),
  })),
  broken(read, 'it forgets which step was the last', (right) => ({ encode: (state) => right.encode({ ...state, steps: 0 }) })),
  broken('bytes that it did not write are refused', 'what is unreadable begins anew', (right) => ({
    decode: (bytes) => {
      try {
        return right.decode(bytes);
      } catch {
        return right.begin({ id: '', zone: 'UTC', stepMs: 60_000 });
      }
    },
  })),
  broken('a profile fits into four kilobytes', 'it keeps every resource', (right) => ({
    ...folding((state, step) => {
      const next = right.fold(state, step);
      const names = new Set((next.trail ?? '').split('\n'));
      for (const one of step.usage) for (const key of one.resources.counts.keys()) names.add(key);
      next.trail = [...names].sort().join('\n');
      return next;
    })(right),
  })),
  broken(
    says,
    'its week has a day',
    saying(({ weekly }) => ({ weekly: weekly.slice(0, 24) })),
  ),
  broken(
    says,
    'it says requests an hour a second',
    saying(({ perMinute }) => ({ perHour: perMinute })),
  ),
  broken(
    says,
    'shares are percent',
    saying(({ resources }) => ({ resources: resources.map(({ key, share }) => ({ key, share: 100 * share })) })),
  ),
  broken(
    says,
    'its zone is that of the process',
    saying(() => ({ zone: 'UTC' })),
  ),
  broken(change, 'the repeated hour was folded before', (right) => ({
    fold: (state, step) => {
      const local = (at: number): number => zone(state.zone).toLocal(at);
      if (state.last >= 0 && local(step.step) <= local(state.last)) return step.step > state.last ? { ...state } : state;
      return right.fold(state, step);
    },
  })),
  broken('habits follow the local clock', 'hours are those of UTC', (right) => ({
    fold: (state, step) => ({ ...right.fold({ ...state, zone: 'UTC' }, step), zone: state.zone }),
    expected: (state, at) => right.expected({ ...state, zone: 'UTC' }, at),
  })),
  broken('groups are kept apart', 'the last group is kept outside the state', (right) => {
    let last = '';
    return {
      begin: (group) => {
        last = group.id;
        return right.begin(group);
      },
      expected: (state, at) => (last === 'other' && state.group !== 'other' ? 1 : right.expected(state, at)),
    };
  }),
  broken(
    same,
    'it looks at the wall clock',
    saying(() => ({ users: { today: new Date().getFullYear() > 2040 ? 1 : 0, usualDay: 0 } })),
  ),
  broken(
    same,
    'it samples by its own chance',
    folding((state, step, right) => (Math.random() === 0.999_999 ? state : right.fold(state, step))),
  ),
  broken(relates, 'each group moves with itself', (right) => ({
    relate: (states) => new Map([...states.keys()].map((group) => [group, [{ group, lagMs: 0, r: 1 }]])),
    profile: right.profile,
  })),
  broken(relates, 'it keeps what it found in the states', (right) => ({
    relate: (states) => {
      for (const state of states.values()) state.asked++;
      return right.relate?.(states) ?? new Map();
    },
  })),
];
