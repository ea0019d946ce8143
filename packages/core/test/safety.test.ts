import {
  type AuspexConfig,
  createEngine,
  createShardedEngine,
  type Decision,
  defineActuator,
  definePredictor,
  type EngineOptions,
  endHold,
  NOT_READY,
  readHolds,
  setHold,
  type UsageEvent,
  use,
  VirtualClock,
} from '@auspex/core';
import { pack, unpack } from '@auspex/numerics';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readCheckpoint } from '../src/persistence/checkpoint.ts';
import {
  dealt,
  fakeConfig,
  lastValue,
  listSource,
  MapStore,
  MINUTE,
  mapStore,
  RecordingActuator,
  recording,
  request,
  runToEnd,
  T0,
  traffic,
} from './fakes.ts';

async function run(config: AuspexConfig, options: Partial<EngineOptions> = {}) {
  const { decisions, notices } = await runToEnd(config, options);
  return { decisions, notices: notices.map(({ code, text }) => `${code} ${text}`) };
}

const units = (decisions: readonly Decision[]): number[] => decisions.map((decision) => decision.units);
const said = (decision: Decision | undefined, by: string): string | undefined => decision?.trail.find((reason) => reason.by === by)?.text;
const pool = { id: 'web', unitRate: 1, target: 1, leadTime: '2m', control: 'full' } as const;
/** Forty units' worth for ten minutes, then four. */
const falling = traffic(Array.from({ length: 40 }, (_, i) => (i < 10 ? 2400 : 240)));

test('in full control units go a tenth at a time once it has been calm, and a floor falls at once after its window', async () => {
  const { decisions } = await run(fakeConfig(falling, { pools: [pool] }));
  const after = units(decisions).slice(9);
  expect(after.slice(0, 7)).toEqual([40, 40, 40, 40, 40, 40, 36]);
  for (const { units: now, previous } of decisions) expect(now).toBeGreaterThanOrEqual(previous - Math.max(1, Math.floor(previous / 10)));
  expect(said(decisions[14], 'guard(control)')).toBe('held at 40: a reduction has to be safe for 5m, and 1m are left');
  expect(said(decisions[15], 'guard(control)')).toContain('a cycle may remove 10 %');
  const floor = await run(fakeConfig(falling, { pools: [{ ...pool, control: 'floor' }] }));
  expect(units(floor.decisions).at(-1)).toBeLessThan(6);
  expect(units(floor.decisions)).toContain(40);
  expect(floor.decisions.flatMap((decision) => said(decision, 'guard(control)') ?? [])).toEqual([]);
});

test('a gap stops a reduction, and it has to be calm anew', async () => {
  const gap = falling.filter((event) => event.at < T0 + 18 * MINUTE || event.at >= T0 + 19 * MINUTE);
  const { decisions } = await run(fakeConfig(gap, { pools: [pool], sources: [use(listSource(gap, 10, { silence: 'gap' }))] }));
  const at = decisions.findIndex((decision) => decision.step === T0 + 19 * MINUTE);
  expect(said(decisions[at], 'guard(control)')).toMatch(/^held at \d+: the last step is missing$/);
  expect(new Set(units(decisions.slice(at - 1, at + 6))).size).toBe(1);
  expect(units(decisions)[at + 7]).toBeLessThan(units(decisions)[at] as number);
});

test('a freeze of the config keeps units from falling, and ends', async () => {
  const freezes = [{ pools: ['w*'], from: '2026-01-05T00:00:00Z', to: '2026-01-05T00:30:00Z', why: 'launch' }];
  const { decisions } = await run(fakeConfig(falling, { freezes, pools: [{ ...pool, control: 'floor' }] }));
  expect(new Set(units(decisions.filter(({ step }) => step > T0 + 5 * MINUTE && step < T0 + 30 * MINUTE)))).toEqual(new Set([40]));
  expect(said(decisions[25], 'guard(freeze)')).toBe('held at 40 until 2026-01-05T00:30:00Z: launch');
  expect(units(decisions).at(-1)).toBeLessThan(10);
});

test('a freeze that covers no pool, ends before it begins or lies in no zone is an error of the config', () => {
  const parse = (freeze: NonNullable<AuspexConfig['freezes']>[number]) => () =>
    createEngine(fakeConfig([], { freezes: [freeze] }), { mode: 'replay' });
  const once = { from: '2026-01-05T00:00:00Z', to: '2026-01-05T00:30:00Z', why: 'launch' };
  expect(parse({ ...once, pools: ['wb'] })).toThrow('freezes[0].pools[0]: no pool is called "wb"; did you mean "web"?');
  expect(parse({ ...once, to: once.from })).toThrow('freezes[0].to');
  expect(parse({ ...once, to: 'tomorrow' })).toThrow('freezes[0].to: expected ISO 8601 with offset');
  expect(parse({ ...once, days: ['mon'] })).toThrow('freezes[0].from: expected HH:MM');
  expect(parse({ days: ['mon'], from: '22:00', to: '06:00', zone: 'Mars/Base', why: 'night' })).toThrow(
    'freezes[0].zone: "Mars/Base" is no time zone',
  );
});

/** Runs in shadow on a store, and does something to it when an event of that minute is read. */
function beside(store: MapStore, acts: Readonly<Record<number, () => Promise<unknown>>>, minutes = 30) {
  const events = traffic(Array.from({ length: minutes }, () => 240));
  const clock = new VirtualClock(T0);
  const onBatch = async (index: number): Promise<void> => {
    clock.advance((events[index] as UsageEvent).at);
    await acts[index / 240]?.();
  };
  const sources = [use(listSource(events, 240, { end: false, onBatch }))];
  const config = fakeConfig(events, { sources, store: use(mapStore(store.map)), pools: [{ ...pool, control: 'floor' }] });
  return run(config, { mode: 'shadow', host: { clock } });
}
const hold = { pool: 'web', kind: 'pin', units: 12, by: 'anna', reason: 'load test' } as const;

test('a pin beside a running engine is taken up, named in every trail, told once, and runs out', async () => {
  const store = new MapStore();
  const until = T0 + 20 * MINUTE;
  const { decisions, notices } = await beside(store, { 10: () => setHold(store, { ...hold, made: T0 + 10 * MINUTE, until }) });
  const pinned = decisions.filter((decision) => decision.units === 12);
  expect(pinned.map(({ step }) => (step - T0) / MINUTE)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  for (const decision of pinned) expect(said(decision, 'guard(hold)')).toBe('pinned at 12 until 2026-01-05T00:20:00Z by anna: "load test"');
  expect(notices).toEqual([
    'HOLD_SET web: pinned at 12 until 2026-01-05T00:20:00Z by anna: "load test"',
    'HOLD_ENDED web: the pin by anna has run out',
  ]);
});

test('a release ends a freeze before its time; a restart tells nothing twice', async () => {
  const store = new MapStore();
  const freeze = { pool: 'web', kind: 'freeze', by: 'anna', reason: 'audit', made: T0, until: T0 + 60 * MINUTE } as const;
  const first = await beside(store, { 2: () => setHold(store, freeze) }, 10);
  expect(first.notices).toEqual(['HOLD_SET web: frozen until 2026-01-05T01:00:00Z by anna: "audit"']);
  const later = await beside(store, { 20: () => endHold(store, 'web') });
  expect(later.notices).toEqual(['HOLD_ENDED web: the freeze by anna was released']);
  expect(
    said(
      later.decisions.find(({ step }) => step === T0 + 15 * MINUTE),
      'guard(hold)',
    ),
  ).toContain('frozen at');
  expect(said(later.decisions.at(-1), 'guard(hold)')).toBeUndefined();
  expect(await readHolds(store)).toEqual([]);
  expect(await endHold(store, 'web')).toBeUndefined();
});

test('a replay ignores holds', async () => {
  const store = new MapStore();
  await setHold(store, { ...hold, made: T0, until: T0 + 60 * MINUTE });
  const events = traffic([240, 240, 240]);
  const { decisions } = await run(fakeConfig(events), { host: { clock: new VirtualClock(T0), store } });
  expect(decisions.flatMap((decision) => said(decision, 'guard(hold)') ?? [])).toEqual([]);
});

test('a hold without an end, or for too long, is refused; one that cannot be read is none', async () => {
  const store = new MapStore();
  await expect(setHold(store, { ...hold, made: T0, until: T0 })).rejects.toThrow('at most 7d');
  await expect(setHold(store, { ...hold, made: T0, until: T0 + 8 * 1440 * MINUTE })).rejects.toThrow('at most 7d');
  await expect(setHold(store, { ...hold, units: 1.5, made: T0, until: T0 + MINUTE })).rejects.toThrow('a whole number');
  await store.batch([{ type: 'put', key: 'holds/web', value: new TextEncoder().encode('{"kind":"pin"}') }]);
  expect(await readHolds(store)).toEqual([]);
});

test('a floor is ordered with an end, in full control there is none', async () => {
  const events = traffic([240, 240, 240]);
  const expiries = async (config: Partial<AuspexConfig>, control: 'floor' | 'full') => {
    const actuator = new RecordingActuator();
    const pools = [{ ...pool, control, actuator: use(recording(actuator)) }];
    await run(fakeConfig(events, { ...config, pools }), { mode: 'live' });
    return actuator.orders.map(({ expires, step }) => (expires === undefined ? undefined : expires - step));
  };
  expect(await expiries({}, 'floor')).toEqual([120_000, 120_000, 120_000]);
  expect(await expiries({ leases: { for: '10m' } }, 'floor')).toEqual([600_000, 600_000, 600_000]);
  expect(await expiries({}, 'full')).toEqual([undefined, undefined, undefined]);
  await expect(expiries({ leases: { for: '90s' } }, 'floor')).rejects.toThrow('leases.for: a floor that holds 1m30s lapses');
});

test('a live floor without a lease is refused at the start; in shadow, and in full control, it is not', async () => {
  const endless = defineActuator({
    id: 'endless',
    summary: 'test',
    config: z.strictObject({}),
    capabilities: { lease: 'none' },
    create: () => new RecordingActuator(),
  });
  const config = (control: 'floor' | 'full') => fakeConfig(traffic([60, 60]), { pools: [{ ...pool, control, actuator: use(endless) }] });
  await expect(run(config('floor'), { mode: 'live' })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    path: 'pools[0].actuator(endless)',
    remedy: expect.stringContaining('control: full'),
  });
  await run(config('floor'), { mode: 'shadow' });
  await run(config('floor'));
  await run(config('full'), { mode: 'live' });
});

test('a pool that is rolled out watches, goes part of the way, and acts; every move is in the journal', async () => {
  // A daily wave in steps of a quarter of an hour, for twelve days; leads of half an hour make a reactive policy late.
  const quarters = Array.from({ length: 12 * 96 }, (_, i) => Math.round(60 - 50 * Math.cos((2 * Math.PI * i) / 96)));
  const events = quarters.flatMap((count, i) => Array.from({ length: count }, (_, k) => request(T0 + i * 15 * MINUTE + k * 8_000)));
  const actuator = new RecordingActuator();
  const map = new Map<string, Uint8Array>();
  const pools = [
    {
      ...pool,
      unitRate: 0.01,
      target: 0.6,
      leadTime: '30m',
      control: 'floor' as const,
      rollout: { days: 2, canaryDays: 2, peaks: 1 },
      actuator: use(recording(actuator)),
    },
  ];
  const clock = new VirtualClock(T0);
  const onBatch = (index: number): void => clock.advance((events[index] as UsageEvent).at);
  const predictors = [use(lastValue, { factor: 1.1 })];
  const config = fakeConfig(events, {
    step: '15m',
    predictors,
    sources: [use(listSource(events, 1, { onBatch }))],
    store: use(mapStore(map)),
    pools,
  });
  const { decisions, notices: all } = await run(config, { mode: 'live', host: { clock } });
  const notices = all.filter((notice) => notice.startsWith('ROLLOUT'));
  expect(notices).toHaveLength(2);
  expect(notices[0]).toMatch(
    /^ROLLOUT_PROMOTED web: shadow -> canary: cost \d+\.\d against \d+\.\d of a reactive policy in 2 days with [12] peaks$/,
  );
  expect(notices[1]).toMatch(/^ROLLOUT_PROMOTED web: canary -> full: cost/);
  const shadow = decisions.filter((decision) => decision.shadow);
  expect(shadow.length).toBeGreaterThan(96);
  expect(said(shadow[0], 'rollout(shadow)')).toBe('nothing is ordered: the pool is watched');
  const canary = decisions.filter((decision) => said(decision, 'rollout(canary)'));
  expect(canary.length).toBeGreaterThan(96);
  expect(said(canary[10], 'rollout(canary)')).toMatch(/^\d+ of \d+: 25 % of the way from the \d+ of a reactive policy$/);
  expect(actuator.orders.filter((order) => order.shadow)).toHaveLength(shadow.length);
  expect(said(decisions.at(-1), 'rollout(full)')).toBeUndefined();
  const kept = readCheckpoint(map.get('engine/checkpoint') as Uint8Array);
  expect(kept.pools[0]?.rollout?.state.stage).toBe('full');
});

test('a checkpoint of a version that knew none of this is read', async () => {
  const map = new Map<string, Uint8Array>();
  const config = (minutes: number) =>
    fakeConfig(traffic(Array.from({ length: minutes }, () => 240)), { store: use(mapStore(map)), pools: [pool] });
  const live = async (minutes: number) => {
    const clock = new VirtualClock(T0);
    const onBatch = (index: number): void => clock.advance(T0 + (index / 240) * MINUTE);
    const sources = [use(listSource(traffic(Array.from({ length: minutes }, () => 240)), 240, { end: false, onBatch }))];
    return run({ ...config(minutes), sources }, { mode: 'shadow', host: { clock } });
  };
  await live(10);
  const old = unpack<{ pools: Record<string, unknown>[] } & Record<string, unknown>>(map.get('engine/checkpoint') as Uint8Array);
  for (const each of old.pools) for (const key of ['calm', 'rollout']) delete each[key];
  delete old['holds'];
  map.set('engine/checkpoint', pack(old));
  const { decisions, notices } = await live(20);
  expect(notices).toEqual([]);
  expect(decisions.length).toBeGreaterThan(5);
  expect(decisions[0]?.previous).toBe(4);
  const kept = readCheckpoint(map.get('engine/checkpoint') as Uint8Array);
  expect(kept.pools[0]).toMatchObject({ calm: [], rollout: null });
});

test('a decision that could be written only long after it was made is not carried out (regression: units of half an hour ago were ordered)', async () => {
  const events = traffic(Array.from({ length: 12 }, () => 240));
  const clock = new VirtualClock(T0);
  const actuator = new RecordingActuator();
  const store = new (class extends MapStore {
    override async batch(writes: Parameters<MapStore['batch']>[0]) {
      await super.batch(writes);
      // The eighth step takes the store half an hour.
      if (clock.now() === T0 + 8 * MINUTE) clock.advance(T0 + 38 * MINUTE);
    }
  })();
  const onBatch = (index: number): void => clock.advance(Math.max(clock.now(), (events[index] as UsageEvent).at));
  const sources = [use(listSource(events, 240, { onBatch }))];
  const config = fakeConfig(events, { sources, pools: [{ ...pool, control: 'full', actuator: use(recording(actuator)) }] });
  const { decisions, notices } = await run(config, { mode: 'live', host: { clock, store } });
  expect(decisions.map(({ step }) => (step - T0) / MINUTE)).toContain(8);
  expect(actuator.orders.map(({ step }) => (step - T0) / MINUTE)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(notices).toContain('ORDER_STALE decided, and not ordered: what was decided could be written only 30m later');
});

test('a backlog is not judged by the fleet of before it (regression: hours of demand were taken for hidden)', async () => {
  // Five units' worth, then three hours of silence of the source, in which the fleet grew by itself and demand with it.
  const events = traffic(Array.from({ length: 200 }, (_, i) => (i < 10 ? 240 : 720)));
  const clock = new VirtualClock(T0);
  const actuator = new RecordingActuator();
  const truths: string[] = [];
  const stallAt = events.findIndex(({ at }) => at >= T0 + 10 * MINUTE);
  const onBatch = (index: number): void =>
    clock.advance(Math.max(clock.now(), index >= stallAt ? T0 + 199 * MINUTE : (events[index] as UsageEvent).at));
  const seen = definePredictor({
    id: 'seen',
    summary: 'test',
    config: z.strictObject({}),
    capabilities: { batch: false, trains: false },
    create: () => ({
      begin: () => 0,
      observe: (state: number, { truth }: { truth: string }) => {
        truths.push(truth);
        return state;
      },
      forecast: () => NOT_READY,
      encode: () => new Uint8Array(1),
      decode: () => 0,
    }),
  });
  const config = fakeConfig(events, {
    sources: [use(listSource(events, 240, { onBatch }))],
    predictors: [{ ...use(seen), for: 'pools' }],
    pools: [{ ...pool, control: 'floor', unitRate: 1, target: 0.8, actuator: use(recording(actuator)) }],
  });
  await run(config, { mode: 'live', host: { clock } });
  expect(truths.slice(2, 9)).toEqual(new Array(7).fill('observed'));
  // The first two minutes of the backlog are near enough to the last read; the present is read anew.
  expect(truths.slice(13, 190)).toEqual(new Array(177).fill('observed'));
});

test('instances that share a source are not let act: they decide nothing', () => {
  const acting = fakeConfig([], {
    shared: true,
    sources: [use(dealt([], ['0']))],
    pools: [{ ...pool, actuator: use(recording(new RecordingActuator())) }],
  });
  expect(() => createShardedEngine(acting, { mode: 'live' })).toThrow('learn and decide nothing, and nothing would be ordered for "web"');
  expect(() => createShardedEngine(acting, { mode: 'shadow' })).not.toThrow();
});
