import { defineProfiler } from '@auspex/contracts';
import { type AuspexConfig, createEngine, forget, type JournalRecord, type UsageEvent, use, VirtualClock } from '@auspex/core';
import { SeededRandom } from '@auspex/numerics';
import { expect, test } from 'vitest';
import { fakeConfig, listSource, MINUTE, mapStore, meanProfiler, request, T0 } from './fakes.ts';
import { bursts } from './leading.ts';

const STEP = 5 * MINUTE;
const DAY_STEPS = 288;
const STEPS = 9 * DAY_STEPS;
const LEADER = 'shop-anna';

/** All groups move with one. */
const profiler = defineProfiler({
  ...meanProfiler,
  id: 'related',
  create: (options, context) => ({
    ...meanProfiler.create(options, context),
    relate: (states) => new Map([...states.keys()].map((group) => [group, group === LEADER ? [] : [{ group: LEADER, lagMs: 0, r: 1 }]])),
  }),
});

const random = new SeededRandom(3);
const first = bursts(random, STEPS, STEP);
const noisy = (mean: number): number => Math.round(mean * Math.exp(0.05 * random.normal()));
/** A quarter of an hour after the bursts of one group, and of sign-ins, the others come. */
const events: UsageEvent[] = Array.from({ length: STEPS }, (_, i) => {
  const at = T0 + i * STEP;
  return [
    request(at, LEADER, { count: noisy(first[i] ? 900 : 300) }),
    request(at, 'shop', { count: noisy(first[i - 3] ? 1500 : 600) }),
    request(at, 'shop', { kind: 'sign-in', count: noisy(first[i] ? 90 : 30) }),
  ];
}).flat();

async function run(
  map: Map<string, Uint8Array>,
  overrides: Partial<AuspexConfig> = {},
  onStep?: (step: number) => boolean,
): Promise<string[]> {
  const lines: string[] = [];
  const engine = createEngine(
    fakeConfig(events, {
      step: '5m',
      sources: [use(listSource(events, 50))],
      profiler: use(profiler),
      store: use(mapStore(map)),
      snapshotEvery: '7h',
      minSkill: null,
      pools: [{ id: 'web', groups: ['shop'], unitRate: 1, target: 1, leadTime: '10m' }],
      ...overrides,
    }),
    {
      mode: 'replay',
      host: { clock: new VirtualClock(T0) },
      trustDemand: true,
      onJournal: (line) => lines.push(line),
      onStep: (step) => void (onStep?.(step) && engine.stop()),
    },
  );
  await engine.start();
  await engine.run();
  await engine.close();
  return lines;
}

const records = (lines: readonly string[]): JournalRecord[] => lines.map((line) => JSON.parse(line) as JournalRecord);
const notices = (lines: readonly string[]): string[] =>
  records(lines).flatMap((record) =>
    record.type === 'notice' && record.code.startsWith('LEADER') ? [`${record.code} ${record.text}`] : [],
  );
const journalOf = (map: Map<string, Uint8Array>): string[] =>
  [...map.keys()]
    .filter((key) => key.startsWith('journal/'))
    .sort()
    .map((key) => Buffer.from(map.get(key) as Uint8Array).toString())
    .filter((line) => !line.includes('"type":"start"'));

test('leaders are told, shown, kept, and come back after a kill as if there had been none', async () => {
  const whole = new Map<string, Uint8Array>();
  const lines = await run(whole);
  expect(notices(lines).sort()).toEqual([
    expect.stringContaining('LEADER_USED web: group shop-anna leads it'),
    expect.stringContaining('LEADER_USED web: who signs in leads it'),
  ]);
  const shown = records(lines).flatMap((record) => (record.type === 'decision' ? (record.decision.demand.leaders ?? []) : []));
  expect(new Set(shown.map(({ of }) => of))).toEqual(new Set([LEADER, 'sign-ins']));
  const told = records(lines).findLast((record) => record.type === 'notice' && record.code === 'LEADER_USED')?.step as number;
  for (const at of [4 * 24 * 60 * MINUTE + 7 * STEP, told - T0 - STEP, told - T0, told - T0 + 40 * STEP]) {
    const map = new Map<string, Uint8Array>();
    const copies: Map<string, Uint8Array>[] = [];
    await run(map, {}, (step) => step === T0 + at && copies.push(new Map(map)) > 0);
    const killed = copies[0] as Map<string, Uint8Array>;
    for (const left of [map, killed]) {
      const before = journalOf(left).filter((line) => line.includes('LEADER_')).length;
      const after = await run(left);
      expect(journalOf(left)).toEqual(journalOf(whole));
      expect(notices(after)).toHaveLength(2 - before);
      expect(Buffer.compare(left.get('leaders/web') as Uint8Array, whole.get('leaders/web') as Uint8Array)).toBe(0);
    }
  }
});

test('a store of a version that knew no leaders is read; what cannot be read begins from nothing, and says so', async () => {
  const map = new Map<string, Uint8Array>();
  const stop = (step: number): boolean => step === T0 + 300 * STEP;
  await run(map, {}, stop);
  const old = new Map(map);
  old.delete('leaders/web');
  const unreadable = (lines: readonly string[]): string[] =>
    records(lines).flatMap((record) => (record.type === 'notice' && record.code === 'STATE_UNREADABLE' ? [record.text] : []));
  expect(unreadable(await run(old, {}, (step) => step === T0 + 310 * STEP))).toEqual([]);
  map.set('leaders/web', new Uint8Array([7]));
  expect(unreadable(await run(map, {}, (step) => step === T0 + 310 * STEP))[0]).toMatch(/^leaders of web could not be read/);
});

test('where there is one group and nobody signs in, nothing is kept of leaders and no forecast is touched', async () => {
  const alone = events.filter(({ group, kind }) => group === 'shop' && kind === 'request');
  const map = new Map<string, Uint8Array>();
  const lines = await run(map, { sources: [use(listSource(alone, 50))] });
  expect(map.get('leaders/web')?.length).toBeLessThan(100);
  expect(records(lines).some((record) => record.type === 'decision' && record.decision.demand.leaders)).toBe(false);
});

test('a group that is forgotten is forgotten here too', async () => {
  const map = new Map<string, Uint8Array>();
  await run(map, {}, (step) => step === T0 + 600 * STEP);
  expect(Buffer.from(map.get('leaders/web') as Uint8Array).includes(LEADER)).toBe(true);
  const config = fakeConfig(events, {
    step: '5m',
    profiler: use(profiler),
    store: use(mapStore(map)),
    pools: [{ id: 'web', groups: ['shop'], unitRate: 1, target: 1, leadTime: '10m' }],
  });
  const report = await forget(config, { group: LEADER });
  // As one that the pool's group moves with, and as one that leads the pool.
  expect(report.erased).toMatchObject({ correlations: 1, leaders: 1 });
  expect([...map.values()].some((bytes) => Buffer.from(bytes).includes(LEADER))).toBe(false);
});
