import type { UsageEvent } from '@auspex/contracts';
import { synthetic, syntheticConfig } from '@auspex/sources';
import { fakeContext, runLaws, type SourceSubject } from '@auspex/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { syntheticWorld } from '../src/synthetic/index.ts';
import { batches, events, resumesEverywhere } from './tools.ts';

const START = Date.UTC(2026, 0, 5);
const HOUR = 3_600_000;
const iso = (hour: number) => new Date(START + hour * HOUR).toISOString();
const open = (options: Record<string, unknown> = {}) => synthetic.create(syntheticConfig.parse(options), fakeContext());
const firstAttempts = (list: readonly UsageEvent[], from: number, to: number, group?: string) =>
  list.filter(
    (e) =>
      e.kind === 'request' &&
      e.attempt === 1 &&
      e.at >= START + from * HOUR &&
      e.at < START + to * HOUR &&
      (group === undefined || e.group === group),
  ).length;

test('equal seeds give equal worlds, others do not', async () => {
  const options = { steps: 60, seed: 'a' };
  expect(await events(open(options))).toEqual(await events(open(options)));
  expect(await events(open({ ...options, seed: 'b' }))).not.toEqual(await events(open(options)));
});

test('a week has the rate that was asked for, by day and by zone', async () => {
  const group = { rate: 0.2, dispersion: 0, users: 50 };
  const groups = [
    { ...group, name: 'berlin', zone: 'Europe/Berlin', shape: 'office' },
    { ...group, name: 'tokyo', zone: 'Asia/Tokyo', shape: 'office' },
    { ...group, name: 'jobs', shape: 'flat' },
  ];
  const all = await events(open({ groups, steps: 7 * 24 * 12, step: '5m' }));
  for (const name of ['berlin', 'tokyo', 'jobs']) {
    const count = firstAttempts(all, 0, 168, name);
    expect(count / (0.2 * 168 * 3600), name).toBeGreaterThan(0.93);
    expect(count / (0.2 * 168 * 3600), name).toBeLessThan(1.07);
  }
  // Monday 10:00 to 12:00 in Berlin and in Tokyo; nobody works there at the other's time.
  expect(firstAttempts(all, 9, 11, 'berlin')).toBeGreaterThan(8 * firstAttempts(all, 1, 3, 'berlin'));
  expect(firstAttempts(all, 1, 3, 'tokyo')).toBeGreaterThan(8 * firstAttempts(all, 17, 19, 'tokyo'));
  // Saturday against Monday.
  expect(firstAttempts(all, 9, 17, 'berlin')).toBeGreaterThan(4 * firstAttempts(all, 129, 137, 'berlin'));
  const first = new Map<string, string>();
  for (const { session, kind } of all) if (session !== undefined && !first.has(session)) first.set(session, kind);
  expect([...first.values()].every((kind) => kind.startsWith('sign-in'))).toBe(true);
});

test('events, incidents and attacks are as labelled, and the labels are in no event', async () => {
  const options = {
    groups: [
      { name: 'a', rate: 1, shape: 'flat', dispersion: 0 },
      { name: 'b', rate: 1, shape: 'flat', dispersion: 0 },
    ],
    steps: 8 * 60,
    events: [{ at: iso(1), for: '1h', factor: 3, groups: ['a'], name: 'sale' }],
    incidents: [
      { at: iso(3), for: '30m', kind: 'outage', share: 0.9 },
      { at: iso(4), for: '30m', kind: 'throttling', share: 0.5, groups: ['b'] },
      { at: iso(5), for: '30m', kind: 'not-recorded' },
    ],
    attacks: [
      { at: iso(6), for: '10m', kind: 'credential-stuffing', rate: 5 },
      { at: iso(6.5), for: '10m', kind: 'scraping', rate: 5, group: 'b' },
      { at: iso(7), for: '10m', kind: 'volumetric', rate: 5 },
    ],
  } as const;
  const source = open(options);
  const all = (await batches(source)).flatMap((batch) => [...batch.events]);
  expect(firstAttempts(all, 1, 2, 'a') / firstAttempts(all, 1, 2, 'b')).toBeGreaterThan(2.3);
  const between = (from: number, to: number, group?: string) =>
    all.filter((e) => e.at >= START + from * HOUR && e.at < START + to * HOUR && (group ?? e.group) === e.group);
  const share = (list: UsageEvent[], outcome: string) =>
    list.filter((e) => e.outcome === outcome).length / list.filter((e) => e.kind === 'request').length;
  expect(share(between(3, 3.5), 'failed')).toBeCloseTo(0.9, 1);
  expect(share(between(4, 4.5, 'b'), 'throttled')).toBeCloseTo(0.5, 1);
  expect(share(between(4, 4.5, 'a'), 'throttled')).toBe(0);
  expect(between(4, 4.5, 'b').filter((e) => (e.attempt ?? 1) > 1).length).toBeGreaterThan(1_000);
  expect(between(5, 5.5)).toEqual([]);
  const gaps = (await batches(open(options))).flatMap((batch) => batch.gaps ?? []);
  expect([gaps[0]?.from, gaps.at(-1)?.to]).toEqual([START + 5 * HOUR, START + 5.5 * HOUR]);
  expect(between(6, 6 + 1 / 6).filter((e) => e.kind === 'sign-in-failure' && e.user?.startsWith('leaked')).length).toBeGreaterThan(2_700);
  expect(between(6.5, 6.5 + 1 / 6, 'b').filter((e) => e.agent?.startsWith('Scrapy')).length).toBeGreaterThan(2_700);
  expect(between(7, 7 + 1 / 6).filter((e) => e.ip?.startsWith('2001:db8')).length).toBeGreaterThan(2_700);
  const world = syntheticWorld(options as never);
  expect(world.labels.map(({ what, kind, groups, from }) => [(from - START) / HOUR, what, kind, groups.join()])).toEqual([
    [1, 'event', 'sale', 'a'],
    [3, 'incident', 'outage', 'a,b'],
    [4, 'incident', 'throttling', 'b'],
    [5, 'incident', 'not-recorded', 'a,b'],
    [6, 'attack', 'credential-stuffing', 'a'],
    [6.5, 'attack', 'scraping', 'b'],
    [7, 'attack', 'volumetric', 'a'],
  ]);
  expect([world.baseline('a', START + 1.5 * HOUR), world.expected('a', START + 1.5 * HOUR), world.expected('c', START)]).toEqual([1, 3, 0]);
  expect(all.every(({ kind }) => ['request', 'sign-in', 'sign-in-failure'].includes(kind))).toBe(true);
});

test('resumes from every batch, also inside a step and over gaps', async () => {
  const options = {
    rate: 0.1,
    steps: 64,
    incidents: [{ at: iso(0.5), for: '90s', kind: 'not-recorded' }],
    attacks: [{ at: iso(1), for: '2m', kind: 'scraping', rate: 1 }],
  };
  for (const batch of [17, 40]) expect(await resumesEverywhere(() => open({ ...options, batch }))).toBeGreaterThan(10);
  const other = await batches(open({ ...options, batch: 5 }));
  const one = await batches(open({ ...options, batch: 60_000 }));
  expect(other.flatMap((batch) => [...batch.events])).toEqual(one.flatMap((batch) => [...batch.events]));
}, 60_000);

test('any world is in order of time, and its batches end where they say', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 40 }),
      fc.string(),
      fc.double({ min: 0, max: 5, noNaN: true }),
      (groups, steps, seed, rate) => {
        const world = syntheticWorld({ groups, steps, seed, rate });
        let last = 0;
        for (const { from, to, events: own } of world.steps()) {
          for (const { at } of own) {
            expect(at >= last && at >= from && at < to && Number.isInteger(at)).toBe(true);
            last = at;
          }
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('what names a group or zone that is not there is refused when it is made', () => {
  expect(() => open({ groups: [{ name: 'a' }], attacks: [{ at: iso(0), for: '1m', kind: 'scraping', rate: 1, group: 'b' }] })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', path: 'synthetic.attacks[0].group' }),
  );
  expect(() => open({ groups: [{ name: 'a' }, { name: 'a' }] })).toThrow(expect.objectContaining({ path: 'synthetic.groups' }));
  expect(() => open({ groups: [{ name: 'a', zone: 'Mars/Olympus' }] })).toThrow(expect.objectContaining({ code: 'ZONE_UNKNOWN' }));
});

test('laws', async () => {
  const options = { steps: 60, rate: 1, batch: 50 };
  const { length } = await events(open(options));
  const { results, passed } = await runLaws(
    (() => ({ plugin: synthetic, with: options, events: length }) satisfies SourceSubject) as never,
  );
  expect(results.filter(({ outcome }) => outcome === 'broken').map(({ law, seen }) => `${law}: ${seen}`)).toEqual([]);
  expect(passed).toBe(true);
}, 30_000);
