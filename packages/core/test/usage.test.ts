import { addEvent, amount, emptyUsage, mergeUsage, type Usage, type UsageEvent } from '@auspex/core';
import { countDistinct, hash32 } from '@auspex/numerics';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeUsage, encodeUsage } from '../src/persistence/codec.ts';
import { sessionBin } from '../src/usage/accumulate.ts';
import { UsageDigest } from '../src/usage/digest.ts';
import { request, T0 } from './fakes.ts';

const event: fc.Arbitrary<UsageEvent> = fc
  .record({
    kind: fc.constantFrom('request', 'request', 'request', 'sign-in', 'session-end'),
    outcome: fc.constantFrom('served', 'throttled', 'failed', 'timed-out'),
    attempt: fc.constantFrom(1, 1, 2, 3),
    count: fc.nat(50),
    weight: fc.nat(4),
    bytes: fc.nat(10_000),
    user: fc.nat(400).map((n) => `user ${n}`),
    resource: fc.nat(700).map((n) => `/r/${n}`),
    feature: fc.constantFrom('search', 'pay'),
    country: fc.constantFrom('DE', 'JP'),
    accessLevel: fc.constantFrom('free', 'paid'),
    sessionStart: fc.boolean(),
    sessionMs: fc.nat(10_000_000),
  })
  .map((fields) => ({ at: T0, group: 'g', pop: 'p', ...fields }) as UsageEvent);

const hashUser = (user: string): number => hash32(user, 42);

function fold(events: readonly UsageEvent[]): Usage {
  const usage = emptyUsage(T0, 'g', 'p');
  for (const each of events) addEvent(usage, each, hashUser);
  return usage;
}

/** Bytes do not depend on the order in which keys came: maps and sets are sorted first. */
function canonical(usage: Usage): unknown {
  const sorted = (counts: Map<string, number>) => [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  const { kinds, resources, features, countries, accessLevels, sources, users, sessionLengths, ...numbers } = usage;
  return {
    ...numbers,
    tallies: [kinds, resources, features, countries, accessLevels, sources].map((tally) => ({
      level: tally.level,
      other: tally.other,
      counts: sorted(tally.counts),
    })),
    users: 'hashes' in users ? [...users.hashes].sort() : [...users.registers],
    sessionLengths: [...sessionLengths],
  };
}

test('usage is a commutative monoid: order does not matter, halves add up to the whole, empty is neutral', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 900 }), fc.nat(), fc.nat(), (events, cutAt, turnAt) => {
      const whole = canonical(fold(events));
      const cut = events.length === 0 ? 0 : cutAt % events.length;
      const turn = events.length === 0 ? 0 : turnAt % events.length;
      const left = fold(events.slice(0, cut));
      const right = fold(events.slice(cut));
      expect(canonical(mergeUsage(left, right))).toEqual(whole);
      expect(canonical(mergeUsage(right, left))).toEqual(whole);
      expect(canonical(fold([...events.slice(turn), ...events.slice(0, turn)].reverse()))).toEqual(whole);
      expect(canonical(mergeUsage(fold(events), emptyUsage(T0, 'g', 'p')))).toEqual(whole);
    }),
    { numRuns: 60, seed: 7 },
  );
});

test('merging is associative and changes neither half', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), fc.array(event, { maxLength: 60 }), fc.array(event, { maxLength: 60 }), (a, b, c) => {
      const [x, y, z] = [fold(a), fold(b), fold(c)];
      const before = canonical(x);
      expect(canonical(mergeUsage(mergeUsage(x, y), z))).toEqual(canonical(mergeUsage(x, mergeUsage(y, z))));
      expect(canonical(x)).toEqual(before);
    }),
    { numRuns: 60, seed: 8 },
  );
});

test('what is encoded reads back the same', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 500 }), fc.boolean(), (events, missing) => {
      const back = decodeUsage(encodeUsage(T0, [fold(events)], missing));
      expect(back.step).toBe(T0);
      expect(back.missing).toBe(missing);
      expect(canonical(back.usage[0] as Usage)).toEqual(canonical(fold(events)));
    }),
    { numRuns: 40, seed: 9 },
  );
});

test('a usage record of another format is refused', () => {
  expect(() => decodeUsage(new Uint8Array([0x81, 0xa1, 0x76, 0x02]))).toThrow(/format 2/);
});

test('demand is first attempts; retries, outcomes, bytes and work are counted apart', () => {
  const usage = fold([
    request(T0, 'g', { count: 10, weight: 2, bytes: 500 }),
    request(T0, 'g', { count: 3, outcome: 'throttled' }),
    request(T0, 'g', { count: 2, attempt: 2 }),
    request(T0, 'g', { outcome: 'failed' }),
    request(T0, 'g', { outcome: 'timed-out' }),
    request(T0, 'g', { kind: 'sign-in', user: 'u' }),
  ]);
  expect(usage).toMatchObject({ offered: 15, served: 12, throttled: 3, failed: 1, timedOut: 1, retried: 2, work: 25, bytes: 500 });
  expect(amount(usage, 'requests')).toBe(15);
  expect(amount(usage, 'work')).toBe(25);
  expect(amount(usage, 'bytes')).toBe(500);
  expect(amount({ ...usage, sessionStarts: 4 }, 'sessions')).toBe(4);
  expect(usage.kinds.counts.get('sign-in')).toBe(1);
});

test('ten thousand users are counted within the sketch error, and no user is kept', () => {
  const usage = emptyUsage(T0, 'g', 'p');
  for (let i = 0; i < 10_000; i++) addEvent(usage, request(T0, 'g', { user: `somebody-${i}` }), hashUser);
  expect(Math.abs(countDistinct(usage.users) / 10_000 - 1)).toBeLessThan(0.1);
  expect(Buffer.from(encodeUsage(T0, [usage])).includes('somebody')).toBe(false);
});

test('sessions go into doubling bins', () => {
  expect([0, 1_999, 2_000, 3_999, 4_000, 3_600_000, 1e12].map(sessionBin)).toEqual([0, 0, 1, 1, 2, 11, 16]);
});

test('the digest tells different usage apart and can be continued', () => {
  const a = new UsageDigest();
  a.add(fold([request(T0)]));
  const b = new UsageDigest();
  b.add(fold([request(T0), request(T0)]));
  expect(a.toString()).not.toBe(b.toString());
  const continued = new UsageDigest(a.toString());
  continued.add(fold([]));
  a.add(fold([]));
  expect(continued.toString()).toBe(a.toString());
  expect(a.toString()).toMatch(/^[0-9a-f]{16}$/);
});
