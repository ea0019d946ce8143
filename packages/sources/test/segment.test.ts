import type { UsageEvent } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { segmentConfig, segmentEnricher } from '@auspex/sources';
import { runLaws } from '@auspex/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SegmentEnricher } from '../src/enrich/segment/index.ts';
import { firstCentres } from '../src/enrich/segment/kmeans.ts';
import { bucketOf, DIMENSIONS } from '../src/enrich/segment/mix.ts';

const START = Date.UTC(2026, 0, 5);
const HOUR = 3_600_000;
const event = (more: Partial<UsageEvent> = {}): UsageEvent => ({
  at: START,
  kind: 'request',
  group: '',
  pop: '',
  outcome: 'served',
  ...more,
});
const make = (options: Record<string, unknown> = {}, key = 1, seed = 2) => new SegmentEnricher(segmentConfig.parse(options), key, seed);

/** Three sorts of users over some days: who buy at noon, who search all day and much, who sync at night. The n-th user is of sort n % 3. */
function crowd(users: number, days: number, seed = 'crowd'): { events: UsageEvent[]; sort: (user: string) => number } {
  const random = new SeededRandom(seed);
  const sorts = [
    { each: 12, hour: 12, mix: ['buy', 'buy', 'buy', 'search'] },
    { each: 60, hour: 15, mix: ['search', 'search', 'search', 'browse'] },
    { each: 24, hour: 2, mix: ['sync'] },
  ] as const;
  const events: UsageEvent[] = [];
  for (let user = 0; user < users; user++) {
    const { each, hour, mix } = sorts[user % 3] as (typeof sorts)[number];
    for (let day = 0; day < days; day++) {
      for (let n = random.poisson(each); n > 0; n--) {
        const at = START + day * 24 * HOUR + Math.max(0, Math.min(23.9, hour + 2 * random.normal())) * HOUR;
        const feature = random.next() < 0.1 ? 'browse' : (mix[random.below(mix.length)] as string);
        events.push(event({ at: Math.floor(at), user: `user-${user}@example.com`, feature }));
      }
    }
  }
  return { events: events.sort((a, b) => a.at - b.at), sort: (user) => Number(/\d+/.exec(user)?.[0]) % 3 };
}

/** Groups of each user in order, without repeats. */
function paths(enricher: SegmentEnricher, events: readonly UsageEvent[], state = enricher.begin()): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const one of events) {
    const { group } = enricher.enrich(state, { ...one });
    const list = found.get(one.user as string) ?? [];
    if (list.at(-1) !== group) list.push(group);
    found.set(one.user as string, list);
  }
  return found;
}

test('users who do alike are found, and stay where they are', () => {
  const { events, sort } = crowd(120, 10);
  const found = paths(make({ segments: 3 }), events);
  const segments = [0, 1, 2].map((n) => new Set([...found].filter(([user]) => sort(user) === n).map(([, list]) => list.at(-1))));
  expect(segments.map(({ size }) => size)).toEqual([1, 1, 1]);
  expect(new Set(segments.flatMap((one) => [...one]))).toEqual(new Set(['segment-1', 'segment-2', 'segment-3']));
  // Numbered by how much is done, the most first.
  expect(segments[1]).toEqual(new Set(['segment-1']));
  expect([...found.values()].every((list) => list[0] === 'unsorted' && list.length === 2)).toBe(true);
});

test('who changes moves once, after as many reviews as are asked for', () => {
  const { events } = crowd(120, 5);
  const enricher = make({ segments: 3, moves: 3, halfLife: '3d' });
  const state = enricher.begin();
  const before = paths(enricher, events, state).get('user-0@example.com')?.at(-1);
  const after: string[] = [];
  for (let day = 5; day < 25; day++) {
    for (let n = 0; n < 24; n++) {
      const one = event({ at: START + day * 24 * HOUR + 2 * HOUR + n * 60_000, user: 'user-0@example.com', feature: 'sync' });
      after.push(enricher.enrich(state, one).group);
    }
  }
  const other = enricher.enrich(state, event({ at: START + 25 * 24 * HOUR, user: 'user-2@example.com', feature: 'sync' })).group;
  expect(after.slice(0, 3 * 24).every((group) => group === before)).toBe(true);
  expect(after.at(-1)).toBe(other);
  expect(after.filter((group, n) => n > 0 && group !== after[n - 1])).toHaveLength(1);
});

test('without a user, with a group, or with too few events', () => {
  const state = make().begin();
  expect(make().enrich(state, event()).group).toBe('');
  expect(make().enrich(state, event({ user: '' })).group).toBe('');
  expect(make().enrich(state, event({ user: 'a', group: 'gold' })).group).toBe('gold');
  expect(make({ override: true, unsorted: 'new' }).enrich(state, event({ user: 'a', group: 'gold' })).group).toBe('new');
  expect(make().enrich(state, event({ user: 'a', kind: 'session-end' })).group).toBe('');
});

test('memory and bytes are bounded; the longest idle is forgotten', () => {
  const enricher = make({ maxUsers: 50, learnFrom: 20, minEvents: 2 });
  const state = enricher.begin();
  for (let n = 0; n < 5_000; n++) {
    enricher.enrich(state, event({ at: START + n * HOUR, user: `u${n >> 1}`, feature: `f${n % 7}` }));
    if (n % 20 === 0) enricher.enrich(state, event({ at: START + n * HOUR, user: 'faithful' }));
  }
  expect(state.users.rows.size).toBe(50);
  expect(enricher.encode(state).length).toBeLessThan(50 * 120 + 8_000);
  const known = enricher.enrich(state, event({ at: START + 5_000 * HOUR, user: 'faithful' })).group;
  expect(known).toMatch(/^segment-\d$/);
  const smaller = make({ maxUsers: 10, learnFrom: 20, minEvents: 2 });
  expect(smaller.decode(enricher.encode(state)).users.rows.size).toBe(10);
});

test('encode and decode at any point change nothing', () => {
  const { events } = crowd(30, 6, 'wire');
  const options = { segments: 3, learnFrom: 12, minEvents: 5, review: '6h', moves: 1, maxUsers: 25 };
  fc.assert(
    fc.property(fc.nat(events.length), (cut) => {
      const one = make(options);
      let state = one.begin();
      const whole = events.map((each) => one.enrich(state, { ...each }).group);
      state = one.begin();
      const first = events.slice(0, cut).map((each) => one.enrich(state, { ...each }).group);
      const other = make(options);
      const read = other.decode(one.encode(state));
      expect([...first, ...events.slice(cut).map((each) => other.enrich(read, { ...each }).group)]).toEqual(whole);
    }),
    { numRuns: 15 },
  );
});

test('a state for another number of segments is refused, and so is any noise', () => {
  const enricher = make({ segments: 3 });
  const bytes = enricher.encode(enricher.begin());
  expect(() => make({ segments: 4 }).decode(bytes)).toThrow('of 3 segments');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
      expect(() => enricher.decode(noise)).toThrow();
    }),
  );
});

test('fewer users than segments, all alike, nothing at all', () => {
  for (const points of [new Float64Array(DIMENSIONS), new Float64Array(DIMENSIONS * 5)]) {
    const { at, seen } = firstCentres(points, 4, 1);
    expect([...at].every(Number.isFinite)).toBe(true);
    expect(seen.reduce((sum, each) => sum + each, 0)).toBe(points.length / DIMENSIONS);
  }
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (kind, feature, resource) => bucketOf(event({ kind, feature, resource })) < 16),
  );
});

test('a zone that is not there', () => {
  expect(() => make({ zone: 'Mars/Olympus' })).toThrow(expect.objectContaining({ code: 'ZONE_UNKNOWN' }));
});

test.each([
  {},
  { segments: 2, learnFrom: 5, minEvents: 3, review: '1h', moves: 1, zone: 'Europe/Berlin', override: true },
  { maxUsers: 10, learnFrom: 4, minEvents: 2 },
])('laws: %j', async (options) => {
  const { results, passed } = await runLaws((() => ({ plugin: segmentEnricher, with: options })) as never);
  expect(results.filter(({ outcome }) => outcome === 'broken').map(({ law, seen }) => `${law}: ${seen}`)).toEqual([]);
  expect(passed).toBe(true);
});
