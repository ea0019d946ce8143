import { defineAllocator, defineEnricher, definePredictor, defineSource, defineStore, NOT_READY } from '@auspex/contracts';
import {
  type AuspexConfig,
  createEngine,
  decodeUsage,
  type Engine,
  type EngineOptions,
  type UsageEvent,
  use,
  VirtualClock,
} from '@auspex/core';
import { pack, unpack } from '@auspex/numerics';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { thisProcess } from '../src/defaults/owner.ts';
import { fakeConfig, listSource, MapStore, MINUTE, mapStore, request, T0, traffic } from './fakes.ts';

const trace = traffic(Array.from({ length: 200 }, (_, i) => 40 + ((i * 17) % 60)));

function engineOver(
  map: Map<string, Uint8Array>,
  events: readonly UsageEvent[],
  overrides: Partial<AuspexConfig> = {},
  options: Partial<EngineOptions> = {},
): Engine {
  const lines: string[] = [];
  return createEngine(
    fakeConfig(events, { store: use(mapStore(map)), sources: [use(listSource(events, 37))], lateness: '3s', ...overrides }),
    {
      mode: 'replay',
      host: { clock: new VirtualClock(T0) },
      onJournal: (line) => lines.push(line),
      ...options,
    },
  );
}

async function finish(engine: Engine): Promise<void> {
  await engine.start();
  await engine.run();
  await engine.close();
}

function journalOf(map: Map<string, Uint8Array>): string[] {
  return [...map.keys()]
    .filter((key) => key.startsWith('journal/'))
    .sort()
    .map((key) => Buffer.from(map.get(key) as Uint8Array).toString())
    .filter((line) => !line.includes('"start"'));
}

function countedIn(map: Map<string, Uint8Array>): number {
  let sum = 0;
  for (const [key, value] of map) {
    if (key.startsWith('usage/') || key.startsWith('late/')) for (const usage of decodeUsage(value).usage) sum += usage.offered;
  }
  return sum;
}

test('killed at any commit and started again, an engine ends with the same journal and counts every event once', async () => {
  const whole = new Map<string, Uint8Array>();
  await finish(engineOver(whole, trace));
  for (const at of [1, 50, 61, 75, 130, 199]) {
    const map = new Map<string, Uint8Array>();
    const copies: Map<string, Uint8Array>[] = [];
    const first = engineOver(map, trace, {}, { onStep: (step) => step === T0 + at * MINUTE && copies.push(new Map(map)) });
    await first.start();
    await first.run();
    // What the disk held in the middle of that step is what a killed process leaves behind.
    const left = copies[0] as Map<string, Uint8Array>;
    await finish(engineOver(left, trace));
    expect(countedIn(left)).toBe(trace.length);
    expect(journalOf(left)).toEqual(journalOf(whole));
    await first.close();
  }
});

test('an orderly stop and start goes on where it was', async () => {
  const whole = new Map<string, Uint8Array>();
  await finish(engineOver(whole, trace));
  const map = new Map<string, Uint8Array>();
  const first = engineOver(map, trace, {}, { onStep: (step) => step === T0 + 90 * MINUTE && first.stop() });
  await finish(first);
  await finish(engineOver(map, trace));
  expect(countedIn(map)).toBe(trace.length);
  expect(journalOf(map)).toEqual(journalOf(whole));
});

test('late events go to history, once, across a restart', async () => {
  const events = [...trace.slice(0, 3000), request(T0, 'a', { count: 5 }), request(T0, 'a', { count: 2 }), ...trace.slice(3000)];
  const map = new Map<string, Uint8Array>();
  const first = engineOver(map, events, {}, { onStep: (step) => step === T0 + 120 * MINUTE && first.stop() });
  await finish(first);
  await finish(engineOver(map, events));
  expect(countedIn(map)).toBe(trace.length + 7);
  expect([...map.keys()].filter((key) => key.startsWith('late/2026-01-05T00:00:00Z/')).length).toBeGreaterThan(0);
});

test('enricher state is part of the checkpoint', async () => {
  const counting = defineEnricher({
    id: 'counting',
    summary: 'test',
    config: z.strictObject({}),
    create: (): import('@auspex/contracts').Enricher<{ n: number }> => ({
      begin: () => ({ n: 0 }),
      enrich: (state, event) => {
        event.feature = `f${state.n++ % 1000}`;
        return event;
      },
      expire: (state, at) =>
        state.n > 0 && at === T0 + 100 * MINUTE
          ? [{ at: at - 1, kind: 'session-end', group: 'a', pop: 'p', outcome: 'served', sessionMs: state.n }]
          : [],
      encode: (state) => pack(state),
      decode: (bytes) => {
        const state = unpack<{ n: number }>(bytes);
        if (typeof state?.n !== 'number') throw new Error('no count');
        return state;
      },
    }),
  });
  const ends = async (stopAt: number | undefined, spoil = false): Promise<number[]> => {
    const map = new Map<string, Uint8Array>();
    const overrides = { enrich: [use(counting)] };
    if (stopAt !== undefined) {
      const first = engineOver(map, trace, overrides, { onStep: (step) => step === T0 + stopAt * MINUTE && first.stop() });
      await finish(first);
    }
    if (spoil) {
      const record = unpack<{ shards: { enrichers: { state: Uint8Array }[] }[] }>(map.get('engine/checkpoint') as Uint8Array);
      for (const shard of record.shards) for (const enricher of shard.enrichers) enricher.state = pack('nonsense');
      map.set('engine/checkpoint', pack(record));
    }
    await finish(engineOver(map, trace, overrides));
    const usage = decodeUsage(map.get('usage/2026-01-05T01:39:00Z') as Uint8Array).usage[0];
    return [usage?.sessionEnds ?? 0, ...(usage?.sessionLengths ?? [])];
  };
  const whole = await ends(undefined);
  expect(whole[0]).toBe(1);
  expect(await ends(60)).toEqual(whole);
  expect(await ends(60, true)).not.toEqual(whole);
});

test('state that cannot be read begins from nothing, says so, and the engine starts anyway', async () => {
  const spoilt = pack({ v: 99 });
  for (const [key, what] of [
    ['engine/snapshot', 'the snapshot could not be read'],
    ['engine/checkpoint', 'the checkpoint could not be read'],
    ['series/pool%3Aweb', 'series pool:web could not be read'],
  ] as const) {
    const map = new Map<string, Uint8Array>();
    await finish(engineOver(map, trace.slice(0, 4000)));
    map.set(key, spoilt);
    const lines: string[] = [];
    const again = engineOver(map, trace, {}, { onJournal: (line) => lines.push(line) });
    await finish(again);
    expect(lines.some((line) => line.includes('STATE_UNREADABLE') && line.includes(what))).toBe(true);
    expect(lines.filter((line) => line.includes('"type":"decision"')).length).toBeGreaterThan(50);
  }
});

test('a profile or a predictor state that cannot be read costs that one only', async () => {
  const map = new Map<string, Uint8Array>();
  await finish(engineOver(map, trace.slice(0, 4000)));
  map.set('profile/a', pack('nonsense'));
  const series = unpack<{ members: unknown[] }>(map.get('series/pool%3Aweb') as Uint8Array);
  series.members = [pack('nonsense')];
  map.set('series/pool%3Aweb', pack(series));
  const lines: string[] = [];
  await finish(engineOver(map, trace, {}, { onJournal: (line) => lines.push(line) }));
  const failures = lines.filter((line) => line.includes('"failure"'));
  expect(failures.some((line) => line.includes('"profile"') && line.includes('begins again from nothing'))).toBe(true);
  expect(failures.some((line) => line.includes('"predict"') && line.includes('begins again from nothing'))).toBe(true);
});

test('another set of predictors or pools reads what it can', async () => {
  const map = new Map<string, Uint8Array>();
  await finish(engineOver(map, trace.slice(0, 4000)));
  const pools = [
    { id: 'web', unitRate: 1, target: 1, leadTime: '9m' },
    { id: 'new', unitRate: 1, target: 1, leadTime: '1m' },
  ];
  const lines: string[] = [];
  await finish(engineOver(map, trace, { pools }, { onJournal: (line) => lines.push(line) }));
  expect(lines.some((line) => line.includes('STATE_UNREADABLE'))).toBe(false);
  await finish(engineOver(map, trace, { pools: [pools[1] as never] }));
});

const trained: number[] = [];
const learner = definePredictor({
  id: 'learner',
  summary: 'test',
  config: z.strictObject({ fails: z.boolean().default(false), nothing: z.boolean().default(false) }),
  capabilities: { batch: true, trains: true },
  create: ({ fails, nothing }): import('@auspex/contracts').Predictor<{ n: number }> => {
    let weight: number | undefined;
    return {
      begin: () => ({ n: 0 }),
      observe: (state) => state,
      forecast: () => NOT_READY,
      forecastBatch: (states, requests) =>
        states.map((_, i) =>
          weight === undefined ? NOT_READY : { quantiles: new Float64Array((requests[i]?.horizon.length ?? 0) * 8).fill(weight) },
        ),
      train: (history) => {
        if (fails) throw new Error('loss is NaN');
        trained.push([...(history[0]?.observations ?? [])].length);
        return nothing ? undefined : new Uint8Array([7]);
      },
      use: (artifact) => {
        if (artifact.length !== 1) throw new Error('no weights');
        weight = artifact[0];
      },
      encode: (state) => pack(state),
      decode: (bytes) => unpack(bytes),
    };
  },
});

test('weights are trained on schedule, stored, and in service after a restart; history is rebuilt from usage', async () => {
  trained.length = 0;
  const training = { after: '60m', every: '60m', history: '100m' };
  // What it forecasts is no forecast: the gate would see that.
  const overrides = { predictors: [use(learner)], training, minSkill: null };
  const map = new Map<string, Uint8Array>();
  const first = engineOver(map, trace, overrides, { onStep: (step) => step === T0 + 130 * MINUTE && first.stop() });
  await finish(first);
  expect(trained).toEqual([60, 100]);
  // The second began ten minutes before the stop, and its weights come after it: they are trained again on the same.
  expect(map.get('artifact/learner/2026-01-05T01:00:00Z')).toEqual(new Uint8Array([7]));
  const lines: string[] = [];
  await finish(engineOver(map, trace, overrides, { onJournal: (line) => lines.push(line) }));
  expect(trained).toEqual([60, 100, 100, 100]);
  expect(map.get('artifact/learner/2026-01-05T02:00:00Z')).toEqual(new Uint8Array([7]));
  const decisions = lines.filter((line) => line.includes('"type":"decision"')).map((line) => JSON.parse(line).decision.demand);
  expect(decisions[0]).toMatchObject({ by: 'ensemble' });
  for (const each of map.keys()) if (each.startsWith('artifact/learner/')) map.set(each, new Uint8Array(3));
  const spoilt: string[] = [];
  await finish(engineOver(map, trace, overrides, { onJournal: (line) => spoilt.push(line) }));
  expect(spoilt.some((line) => line.includes('the weights of learner could not be read'))).toBe(true);
});

test('training once at a declared step, training that fails, and training that gives nothing', async () => {
  trained.length = 0;
  const lines: string[] = [];
  const options = { trainAt: T0 + 50 * MINUTE, onJournal: (line: string) => lines.push(line) };
  await finish(engineOver(new Map(), trace, { predictors: [use(learner, { nothing: true })] }, options));
  expect(trained).toEqual([50]);
  expect(lines.some((line) => line.includes('TRAINED'))).toBe(false);
  await finish(engineOver(new Map(), trace, { predictors: [use(learner, { fails: true })] }, options));
  expect(lines.some((line) => line.includes('loss is NaN') && line.includes('the old weights stay'))).toBe(true);
});

test('a store has one owner: a living one keeps others out, a dead or expired one does not', async () => {
  const map = new Map<string, Uint8Array>();
  const clock = new VirtualClock(T0);
  const lease = (owner: string, expires: number): void => {
    map.set('lease/allocator', pack({ owner, epoch: 4, expires }));
  };
  const start = async (): Promise<number> => {
    const engine = engineOver(map, trace.slice(0, 100), {}, { mode: 'shadow', decideFrom: 0, host: { clock } });
    await engine.start();
    const { epoch } = unpack<{ epoch: number }>(map.get('lease/allocator') as Uint8Array);
    await engine.close();
    return epoch;
  };
  lease('elsewhere:1', T0 + 10_000);
  await expect(start()).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  lease('elsewhere:1', T0 - 1);
  expect(await start()).toBe(5);
  lease(`${thisProcess().split(':')[0]}:999999999`, T0 + 10_000);
  expect(await start()).toBe(5);
  const lost = engineOver(
    map,
    trace,
    {},
    {
      mode: 'shadow',
      decideFrom: 0,
      host: { clock: new VirtualClock(T0 + 86_400_000) },
      onStep: (step) => step === T0 + 70 * MINUTE && lease('other:2', T0 + 1e9),
    },
  );
  await lost.start();
  await expect(lost.run()).rejects.toMatchObject({ code: 'STORE_LOCKED' });
});

test('of two that take a lease at the same moment one is told', async () => {
  class Racing extends MapStore {
    override async compareAndSet(): Promise<boolean> {
      return false;
    }
  }
  const engine = createEngine(fakeConfig(trace), { mode: 'shadow', host: { store: new Racing(), clock: new VirtualClock(T0) } });
  await expect(engine.start()).rejects.toMatchObject({ code: 'STORE_LOCKED' });
});

test('a batch that the store refuses ends the run and loses nothing', async () => {
  const whole = new Map<string, Uint8Array>();
  await finish(engineOver(whole, trace));
  const map = new Map<string, Uint8Array>();
  let store: MapStore | undefined;
  const filling = defineStore({
    id: 'filling',
    summary: 'test',
    config: z.strictObject({}),
    capabilities: { durable: true },
    create: () => {
      store = new MapStore(map);
      return store;
    },
  });
  const onStep = (step: number): void => {
    if (step === T0 + 100 * MINUTE && store) store.failNext = true;
  };
  const engine = engineOver(map, trace, { store: use(filling) }, { onStep });
  await engine.start();
  await expect(engine.run()).rejects.toThrow('disk full');
  await engine.close();
  await finish(engineOver(map, trace));
  expect(countedIn(map)).toBe(trace.length);
  expect(journalOf(map)).toEqual(journalOf(whole));
});

test('old history and journal are pruned once a day', async () => {
  const hourly = Array.from({ length: 24 * 6 }, (_, i) => request(T0 + i * 3_600_000));
  const map = new Map<string, Uint8Array>();
  await finish(engineOver(map, hourly, { step: '1h', historyKeep: '2d', journalKeep: '1d', snapshotEvery: '6h' }));
  const kept = (prefix: string): number => [...map.keys()].filter((key) => key.startsWith(prefix)).length;
  expect(kept('usage/')).toBeLessThan(24 * 4);
  expect(kept('usage/')).toBeGreaterThanOrEqual(24 * 2);
  // A decision, and an outcome, a step.
  expect(kept('journal/')).toBeLessThan(2 * kept('usage/'));
});

test('stopped before every source was heard, with late events in hand, an engine still closes in good order', async () => {
  const map = new Map<string, Uint8Array>();
  const never = defineSource({
    id: 'never',
    summary: 'test',
    config: z.strictObject({}),
    capabilities: { replayable: true, silence: 'zero' },
    create: () => ({
      async *open(_from, signal) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        yield* [];
      },
    }),
  });
  const late = [request(T0 + 10 * MINUTE), request(T0)];
  const engine = engineOver(map, [], { sources: [use(listSource(late, 10, { end: false })), use(never)] });
  await engine.start();
  const running = engine.run();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await engine.close();
  await running;
  expect(engine.state).toBe('stopped');
  expect([...map.keys()].filter((key) => key.startsWith('late/'))).toEqual([]);
});

/** Wrong by a factor of two in a direction that changes from step to step, until it is told to mend. */
const moody = definePredictor({
  id: 'moody',
  summary: 'Wrong on purpose.',
  config: z.strictObject({}),
  capabilities: { batch: false, trains: false },
  create: (): import('@auspex/contracts').Predictor<{ rate: number }> => ({
    begin: () => ({ rate: 0 }),
    observe: (_, { value }) => ({ rate: value }),
    forecast: ({ rate }, { origin, horizon }) => {
      const factor = (origin / MINUTE) % 3 === 0 ? 2 : 0.5;
      return { quantiles: new Float64Array(horizon.length * 8).fill(rate * factor) };
    },
    encode: (state) => pack(state),
    decode: (bytes) => unpack(bytes),
  }),
});

test('a gate that closes is told once, in the same place of the journal whatever was killed or stopped, and covers no decision', async () => {
  const steady = traffic(Array.from({ length: 760 }, (_, i) => 6 + (i % 2)));
  const overrides = { predictors: [use(moody)], snapshotEvery: '500m', pools: [{ id: 'web', unitRate: 1, leadTime: '1m' }] };
  const whole = new Map<string, Uint8Array>();
  await finish(engineOver(whole, steady, overrides));
  const lines = journalOf(whole);
  const told = lines.filter((line) => line.includes('FORECAST_GATE_CLOSED')).map((line) => JSON.parse(line).step as number);
  expect(told).toHaveLength(1);
  const at = ((told[0] as number) - T0) / MINUTE;
  expect(at).toBeGreaterThanOrEqual(720);
  expect(JSON.parse(lines.filter((line) => line.includes('"type":"decision"')).at(-1) as string).decision.demand).toMatchObject({
    by: 'persistence',
    fallback: expect.stringContaining('worse than the last value going on'),
  });
  for (const offset of [-3, -2, -1, 0, 1, 12]) {
    const stopped = new Map<string, Uint8Array>();
    const copies: Map<string, Uint8Array>[] = [];
    const first = engineOver(stopped, steady, overrides, {
      onStep: (step) => {
        if (step !== T0 + (at + offset) * MINUTE) return;
        copies.push(new Map(stopped));
        first.stop();
      },
    });
    await finish(first);
    const killed = copies[0] as Map<string, Uint8Array>;
    for (const map of [stopped, killed]) {
      const before = journalOf(map).some((line) => line.includes('FORECAST_GATE'));
      const again: string[] = [];
      await finish(engineOver(map, steady, overrides, { onJournal: (line) => again.push(line) }));
      expect(journalOf(map)).toEqual(lines);
      expect(again.filter((line) => line.includes('FORECAST_GATE'))).toHaveLength(before ? 0 : 1);
    }
  }
});

test('where the last value takes over, an allocator is told of the last value, not of the habit', async () => {
  const told: { fallback: string | undefined; median: number; expected: number }[] = [];
  const spy = defineAllocator({
    id: 'spy',
    summary: 'Tells what it was shown.',
    config: z.strictObject({}),
    create: (): import('@auspex/contracts').Allocator<Record<string, never>> => ({
      begin: () => ({}),
      allocate: (_, { pools }) =>
        pools.map(({ pool, forecast, groups, paths }) => {
          const { rates, horizon } = paths();
          expect(rates.length / horizon.length).toBeGreaterThanOrEqual(200);
          told.push({ fallback: forecast.fallback, median: forecast.quantiles[3] as number, expected: groups[0]?.expectedAtLead ?? -1 });
          return { pool: pool.id, units: 1, tier: 'none', reasons: [{ by: 'spy', units: 1, text: 'told' }] };
        }),
      encode: () => new Uint8Array(0),
      decode: () => ({}),
    }),
  });
  const steady = traffic(Array.from({ length: 760 }, (_, i) => (i < 700 ? 6 : 60)));
  const overrides = { predictors: [use(moody)], allocate: use(spy), pools: [{ id: 'web', unitRate: 1, leadTime: '1m' }] };
  await finish(engineOver(new Map(), steady, overrides));
  const last = told.at(-1);
  expect(last?.fallback).toContain('as far off as the last value, which goes on');
  expect(last?.median).toBe(1);
  expect(last?.expected).toBe(1);
});
