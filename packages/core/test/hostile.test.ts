import { defineProfiler, defineSource } from '@auspex/contracts';
import { type AuspexConfig, createEngine, type Decision, type EngineOptions, type UsageEvent, use, VirtualClock } from '@auspex/core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  fakeConfig,
  listSource,
  MapStore,
  MINUTE,
  mapStore,
  meanProfiler,
  plainAllocator,
  RecordingActuator,
  recording,
  request,
  T0,
  traffic,
} from './fakes.ts';

const steady = traffic(Array.from({ length: 60 }, () => 60));

async function run(config: AuspexConfig, options: Partial<EngineOptions> = {}, tap?: (engine: ReturnType<typeof createEngine>) => void) {
  const lines: string[] = [];
  const engine = createEngine(config, {
    mode: 'replay',
    host: { clock: new VirtualClock(T0) },
    ...options,
    onJournal: (line) => lines.push(line),
  });
  tap?.(engine);
  await engine.start();
  await engine.run();
  const counts = engine.counts();
  const groups = engine.groups();
  await engine.close();
  const decisions = lines
    .map((line) => JSON.parse(line))
    .flatMap((record) => (record.type === 'decision' ? [record.decision as Decision] : []));
  return { lines, decisions, counts, groups };
}

const pool = (actuator: RecordingActuator) => [{ id: 'web', unitRate: 1, target: 1, leadTime: '1m', actuator: use(recording(actuator)) }];

test('a backlog after a stall is learnt from and not ordered', async () => {
  const actuator = new RecordingActuator();
  const clock = new VirtualClock(T0);
  // Half an hour into the run nothing comes for eight hours; then everything comes at once.
  const onBatch = (index: number): void => {
    if (index === 1800) clock.advance(T0 + 9 * 3_600_000);
  };
  await run(fakeConfig(steady, { pools: pool(actuator), sources: [use(listSource(steady, 10, { onBatch }))] }), {
    mode: 'live',
    decideFrom: 0,
    host: { clock },
  });
  expect(actuator.orders.length).toBeGreaterThan(20);
  expect(Math.max(...actuator.orders.map((order) => order.step))).toBeLessThanOrEqual(T0 + 31 * MINUTE);
});

test('in live one event from tomorrow closes nothing and costs nobody anything', async () => {
  const actuator = new RecordingActuator();
  const events = [...steady.slice(0, 1200), request(T0 + 86_400_000), ...steady.slice(1200)];
  const clock = new VirtualClock(T0 + 3_600_000);
  const { counts } = await run(fakeConfig(events, { pools: pool(actuator) }), { mode: 'live', decideFrom: 0, host: { clock } });
  expect(counts).toMatchObject({ events: steady.length, late: 0, ahead: 1 });
  expect(actuator.orders.length).toBeLessThan(70);
});

test('a store of another step length is refused', async () => {
  const map = new Map<string, Uint8Array>();
  await run(fakeConfig(steady, { store: use(mapStore(map)) }));
  await expect(run(fakeConfig(steady, { step: '5m', store: use(mapStore(map)) }))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    path: 'step',
  });
});

test('a source that the config no longer has holds nobody back', async () => {
  const map = new Map<string, Uint8Array>();
  await run(
    fakeConfig(steady, {
      store: use(mapStore(map)),
      sources: [use(listSource(steady, 10)), use(listSource(steady.slice(0, 100), 10, { end: false }))],
    }),
  );
  const later = traffic(
    Array.from({ length: 30 }, () => 60),
    'a',
    T0 + 3_600_000,
  );
  const { counts } = await run(fakeConfig([...steady, ...later], { store: use(mapStore(map)) }));
  expect(counts.steps).toBeGreaterThanOrEqual(30);
});

test('a source that ends without saying so does not freeze the others', async () => {
  const silent = defineSource({
    id: 'silent',
    summary: 'test',
    config: z.strictObject({}),
    capabilities: { replayable: true, silence: 'zero' },
    create: () => ({
      async *open() {
        yield { partition: 'x', events: [request(T0)], position: '1' };
      },
    }),
  });
  const { counts } = await run(fakeConfig(steady, { sources: [use(listSource(steady)), use(silent)] }));
  expect(counts.steps).toBe(60);
});

test('saturation is remembered: what was a bound is a bound after a restart', async () => {
  const burst = traffic(Array.from({ length: 60 }, (_, i) => (i >= 20 && i < 40 ? 600 : 60)));
  const actuator = (): RecordingActuator => {
    const fleet = new RecordingActuator();
    fleet.units = 2;
    fleet.ready = 2;
    return fleet;
  };
  const config = (map: Map<string, Uint8Array>): AuspexConfig =>
    fakeConfig(burst, {
      store: use(mapStore(map)),
      pools: [{ id: 'web', unitRate: 1.2, target: 1, min: 2, max: 2, leadTime: '1m', actuator: use(recording(actuator())) }],
      snapshotEvery: '1d',
    });
  const whole = await run(config(new Map()));
  const map = new Map<string, Uint8Array>();
  const left: Map<string, Uint8Array>[] = [];
  await run(config(map), { onStep: (step) => step === T0 + 45 * MINUTE && left.push(new Map(map)) });
  const again = await run(config(left[0] as Map<string, Uint8Array>));
  expect(again.decisions.length).toBeGreaterThan(10);
  expect(again.decisions).toEqual(whole.decisions.slice(-again.decisions.length));
});

test('a step that breaks is not committed as done', async () => {
  const map = new Map<string, Uint8Array>();
  let broken = true;
  const failing = defineProfiler({
    ...meanProfiler,
    create: (options, context) => {
      const sound = meanProfiler.create(options, context);
      return {
        ...sound,
        fold: (state, step) => {
          if (broken && step.step === T0 + 5 * MINUTE) throw new Error('once');
          return sound.fold(state, step);
        },
      };
    },
  });
  const config = fakeConfig(steady, { store: use(mapStore(map)), profiler: use(failing), onFailure: { profile: 'fail' } });
  await expect(run(config)).rejects.toMatchObject({ code: 'PLUGIN_FAILED' });
  broken = false;
  await run(config);
  expect([...map.keys()].filter((key) => key.startsWith('usage/'))).toHaveLength(60);
});

test('a tap can ask for units, never for another pool, a real order in a shadow, or nonsense', async () => {
  const actuator = new RecordingActuator();
  const config = fakeConfig(steady, { pools: pool(actuator) });
  const { decisions } = await run(
    config,
    { mode: 'shadow', decideFrom: 0, host: { clock: new VirtualClock(T0 + 86_400_000) } },
    (engine) => {
      engine.hooks.decision.tap('takeover', (decision) => ({
        ...decision,
        shadow: false,
        pool: 'other',
        units: decision.step % 2 ? Number.NaN : 7,
      }));
      engine.hooks.veto.tap('no', () => false as never);
    },
  );
  expect(actuator.units).toBe(1);
  expect(new Set(decisions.map(({ pool: id, shadow, units }) => `${id} ${shadow} ${units}`))).toEqual(new Set(['web true 7']));
  const nan = await run(config, {}, (engine) => engine.hooks.decision.tap('nan', (decision) => ({ ...decision, units: Number.NaN })));
  expect(nan.decisions.at(-1)).toMatchObject({ units: 1 });
  expect(nan.lines.some((line) => line.includes('asked for NaN units'))).toBe(true);
});

test('usage behind the place where the engine goes on is late, not stuck', async () => {
  const late: UsageEvent[] = traffic([60, 60]);
  const second = defineSource({
    id: 'second',
    summary: 'test',
    config: z.strictObject({}),
    capabilities: { replayable: true, silence: 'zero' },
    create: () => ({
      async *open() {
        yield { partition: 'first', events: steady, position: '1' };
        yield { partition: 'later', events: late, position: '2' };
      },
    }),
  });
  const { counts } = await run(fakeConfig([], { sources: [use(second)] }));
  expect(counts).toMatchObject({ events: steady.length + late.length, late: late.length });
});

test('a forgotten group makes room for a new one', async () => {
  const events = Array.from({ length: 30 }, (_, day) => request(T0 + day * 86_400_000, `g${day}`));
  const { groups } = await run(fakeConfig(events, { step: '1h', maxGroups: 5, forgetAfter: '2d' }));
  expect(groups).toContain('g29');
});

test('one limited client among many does not hide the demand of a pool', async () => {
  const events = [
    ...steady,
    ...Array.from({ length: 60 }, (_, i) => request(T0 + i * MINUTE + 30_000, 'bot', { outcome: i % 60 === 0 ? 'served' : 'throttled' })),
  ].sort((a, b) => a.at - b.at);
  const heavy = events.map((event) => (event.group === 'a' ? { ...event, count: 100 } : event));
  const { decisions } = await run(fakeConfig(heavy, { allocate: use(plainAllocator) }));
  expect(decisions.at(-1)?.demand).toMatchObject({ by: 'ensemble' });
});

test('pools that share a series forecast as far as the longest lead time', async () => {
  const { decisions } = await run(
    fakeConfig(steady, {
      pools: [
        { id: 'fast', unitRate: 1, leadTime: '2m' },
        { id: 'slow', unitRate: 1, leadTime: '30m' },
      ],
    }),
  );
  expect(decisions.at(-1)?.demand.at).toBe((decisions.at(-1)?.step ?? 0) + 30 * MINUTE);
});

test('a target that reads nonsense is a target that cannot be read', async () => {
  const actuator = new RecordingActuator();
  actuator.read = async () => ({ units: Number.NaN, ready: 1 });
  const { decisions } = await run(fakeConfig(steady, { pools: pool(actuator) }));
  expect(decisions.every((decision) => Number.isInteger(decision.units))).toBe(true);
});

test('close waits for the step that is under way: nothing is ordered after the lease is gone', async () => {
  const actuator = new RecordingActuator();
  const order = actuator.actuate.bind(actuator);
  let closed = false;
  let after = 0;
  actuator.actuate = async (each) => {
    if (closed) after++;
    return order(each);
  };
  actuator.read = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { units: 1, ready: 1 };
  };
  const store = new MapStore();
  const engine = createEngine(fakeConfig(steady, { pools: pool(actuator) }), {
    mode: 'live',
    decideFrom: 0,
    host: { clock: new VirtualClock(T0), store },
  });
  await engine.start();
  const running = engine.run();
  await new Promise((resolve) => setTimeout(resolve, 30));
  await engine.close();
  closed = true;
  await running;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(after).toBe(0);
});

test('a record with an amount that is none is malformed: it is in no sum, and the engine goes on', async () => {
  const map = new Map<string, Uint8Array>();
  const bad = [-500, Number.NaN, Number.POSITIVE_INFINITY, 1e300].map((count) => request(T0 + 90_000, 'a', { count }));
  const worse = [request(T0 + 91_000, 'a', { weight: -1 }), request(T0 + 92_000, 'a', { bytes: Number.NaN })];
  const events = [...steady.slice(0, 90), ...bad, ...worse, ...steady.slice(90)];
  const config = fakeConfig(events, { store: use(mapStore(map)), pools: [{ id: 'web', unitRate: 1, leadTime: '1m', measure: 'work' }] });
  const { counts, decisions } = await run(config);
  expect(counts).toMatchObject({ malformed: 6, late: 0 });
  const { decisions: plain } = await run(fakeConfig(steady, { pools: [{ id: 'web', unitRate: 1, leadTime: '1m', measure: 'work' }] }));
  expect(decisions.map(({ units, demand }) => [units, demand.actual])).toEqual(plain.map(({ units, demand }) => [units, demand.actual]));
});
