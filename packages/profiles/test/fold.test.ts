import type { GroupStep, Outcome, Usage } from '@auspex/contracts';
import { addEvent, emptyUsage, mergeUsage } from '@auspex/core';
import { hash32, SeededRandom } from '@auspex/numerics';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY, HOUR, MINUTE, MONDAY, profiler, step } from './world.ts';

const hashUser = (user: string): number => hash32(user, 1);

const subject = profiler();
const begin = () => subject.begin({ id: 'g', zone: 'Europe/Berlin', stepMs: MINUTE });
/** What a state believes, its bytes and what it says of itself. */
const face = (state: ReturnType<typeof begin>) => ({ bytes: subject.encode(state), profile: subject.profile(state) });

const parameters = { seed: 42, numRuns: 40 };
const event = fc.record({
  kind: fc.constantFrom('request', 'request', 'sign-in', 'session-end'),
  outcome: fc.constantFrom<Outcome>('served', 'throttled', 'failed', 'timed-out'),
  count: fc.integer({ min: 1, max: 9 }),
  // More than twice of what is kept, so that the lightest are dropped.
  resource: fc.integer({ min: 0, max: 40 }).map((i) => `/r${i}`),
  feature: fc.constantFrom('search', 'pay'),
  country: fc.constantFrom('DE', 'US', 'FR'),
  accessLevel: fc.constantFrom('free', 'paid'),
  user: fc.integer({ min: 0, max: 600 }).map((i) => `u${i}`),
  sessionMs: fc.integer({ min: 0, max: 10 * HOUR }),
  pop: fc.constantFrom('ams', 'fra', 'iad'),
});
type Made = typeof event extends fc.Arbitrary<infer T> ? T : never;

function usageOf(at: number, events: readonly Made[]): Usage[] {
  const byPop = new Map<string, Usage>();
  for (const one of events) {
    const usage = byPop.get(one.pop) ?? emptyUsage(at, 'g', one.pop);
    byPop.set(one.pop, usage);
    addEvent(usage, { ...one, at, group: 'g' }, hashUser);
  }
  return [...byPop.values()];
}

function steps(list: readonly (readonly Made[])[], make: (at: number, events: readonly Made[]) => Usage[]): GroupStep[] {
  return list.map((events, i) => ({ step: MONDAY + i * MINUTE, truth: 'observed' as const, usage: make(MONDAY + i * MINUTE, events) }));
}

const days = fc.array(fc.array(event, { maxLength: 60 }), { minLength: 1, maxLength: 6 });

test('the order of POPs in a step does not matter', () => {
  fc.assert(
    fc.property(days, (list) => {
      const whole = steps(list, usageOf).reduce(subject.fold, begin());
      const turned = steps(list, (at, events) => usageOf(at, events).reverse()).reduce(subject.fold, begin());
      expect(face(turned)).toEqual(face(whole));
    }),
    parameters,
  );
});

test('a fold of the usage monoid: halves of a step, apart or merged, are the whole', () => {
  fc.assert(
    fc.property(days, (list) => {
      const halves = (at: number, events: readonly Made[]): [Usage[], Usage[]] => [
        usageOf(
          at,
          events.filter((_, i) => i % 2 === 0),
        ),
        usageOf(
          at,
          events.filter((_, i) => i % 2 === 1),
        ),
      ];
      const merged = (at: number, events: readonly Made[]): Usage[] => {
        const byPop = new Map<string, Usage>();
        for (const usage of halves(at, events).flat()) {
          const present = byPop.get(usage.pop);
          byPop.set(usage.pop, present ? mergeUsage(present, usage) : usage);
        }
        return [...byPop.values()];
      };
      const whole = face(steps(list, usageOf).reduce(subject.fold, begin()));
      expect(face(steps(list, merged).reduce(subject.fold, begin()))).toEqual(whole);
      expect(face(steps(list, (at, events) => halves(at, events).flat()).reduce(subject.fold, begin()))).toEqual(whole);
    }),
    parameters,
  );
});

test('beyond the cap of a tally, too, halves are the whole', () => {
  const usage = (from: number, to: number) => {
    const one = emptyUsage(MONDAY, 'g', 'ams');
    for (let i = from; i < to; i++) {
      addEvent(
        one,
        { at: MONDAY, kind: 'request', group: 'g', pop: 'ams', outcome: 'served', resource: `/r${i}`, user: `u${i}` },
        hashUser,
      );
    }
    return one;
  };
  const fold = (list: Usage[]) => face(subject.fold(begin(), { step: MONDAY, truth: 'observed', usage: list }));
  const whole = fold([usage(0, 900)]);
  expect(fold([usage(0, 450), usage(450, 900)])).toEqual(whole);
  expect(fold([usage(450, 900), usage(0, 450)])).toEqual(whole);
});

test('a step at or before the last one folds nothing', () => {
  fc.assert(
    fc.property(days, fc.nat(), (list, pick) => {
      const all = steps(list, usageOf);
      const state = all.reduce(subject.fold, begin());
      const before = face(state);
      subject.fold(state, all[pick % all.length] as GroupStep);
      expect(face(state)).toEqual(before);
    }),
    parameters,
  );
});

test('the usage that is given is neither kept nor changed', () => {
  const random = new SeededRandom(1);
  let state = begin();
  for (let i = 0; i < 300; i++) {
    const given = step(MONDAY + i * MINUTE, 5, 'observed', (usage) => {
      usage.users = i === 200 ? { registers: new Uint8Array(1024).fill(1) } : { hashes: new Set([random.below(1e9)]) };
      usage.resources.counts.set(`/r${random.below(50)}`, 1);
    });
    const copy = structuredClone(given);
    state = subject.fold(state, given);
    expect(given).toEqual(copy);
    const before = i % 100 === 0 ? face(state) : undefined;
    for (const usage of given.usage) {
      usage.resources.counts.clear();
      if ('hashes' in usage.users) usage.users.hashes.clear();
      else usage.users.registers.fill(9);
    }
    if (before) expect(face(state)).toEqual(before);
  }
});

test('expected, sensitivity and profile change nothing', () => {
  const state = Array.from({ length: 90 }, (_, i) => step(MONDAY + i * MINUTE, i)).reduce(subject.fold, begin());
  const before = subject.encode(state);
  subject.expected(state, MONDAY + DAY);
  subject.sensitivity(state);
  subject.profile(state);
  expect(subject.encode(state)).toEqual(before);
});

test('what was asked for while capacity was short still counts; inside an incident nothing does', () => {
  const asked = (truth: 'censored' | 'masked' | 'missing') =>
    subject.profile(
      subject.fold(
        begin(),
        step(MONDAY, 5, truth, (usage) => usage.resources.counts.set('/a', 5)),
      ),
    ).resources;
  expect(asked('censored')).toEqual([{ key: '/a', share: 1 }]);
  expect(asked('masked')).toEqual([]);
  expect(asked('missing')).toEqual([]);
});

test('folding is cheap', () => {
  const list = Array.from({ length: 8000 }, (_, i) =>
    step(MONDAY + i * MINUTE, 40, 'observed', (usage) => {
      for (let r = 0; r < 5; r++) usage.resources.counts.set(`/api/v1/resource/${r}`, 8);
      for (let u = 0; u < 8; u++) if ('hashes' in usage.users) usage.users.hashes.add((i * 8 + u) % 1000);
    }),
  );
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    const start = process.cpuUsage();
    list.reduce(subject.fold, begin());
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / list.length);
  }
  // Microseconds of CPU a step; 3 on an idle machine, with room for one whose caches others use, too.
  expect(best).toBeLessThan(12);
});
