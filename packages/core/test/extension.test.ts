import { setTimeout as wait } from 'node:timers/promises';
import { type Decision, defineActuator, defineExtension, type Extension, type PluginContext, type StageFailure, use } from '@auspex/core';
import { pino } from 'pino';
import * as promClient from 'prom-client';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createEngine, type Engine, type EngineOptions, prometheusMeter, VirtualClock } from '../src/index.ts';
import { fakeConfig, MapStore, mapStore, RecordingActuator, recording, T0, traffic } from './fakes.ts';

const steady = traffic([30, 30, 30, 30, 30, 30]);

function extension(id: string, taps: Extension, made: (context: PluginContext) => void = () => undefined) {
  return defineExtension({
    id,
    summary: 'test',
    config: z.strictObject({}),
    create: (_options, context) => {
      made(context);
      return taps;
    },
  });
}

async function run(
  config: object,
  options: Partial<EngineOptions> = {},
  before: (engine: Engine) => void = () => undefined,
): Promise<{ decisions: Decision[]; failures: StageFailure[]; engine: Engine }> {
  const engine = createEngine(fakeConfig(steady, config), {
    mode: 'shadow',
    decideFrom: 0,
    ...options,
    host: { clock: new VirtualClock(T0 + 86_400_000), ...options.host },
  });
  const decisions: Decision[] = [];
  const failures: StageFailure[] = [];
  before(engine);
  engine.hooks.decided.tap('test', (decision) => void decisions.push(decision));
  engine.hooks.failure.tap('test', (failure) => void failures.push(failure));
  await engine.start();
  await engine.run();
  await engine.close();
  return { decisions, failures, engine };
}

test('an extension of the config reshapes, vetoes and observes under its id', async () => {
  const seen: string[] = [];
  const taps: Extension = {
    usage: (usage) => usage.map((each) => ({ ...each, offered: each.offered * 2 })),
    forecast: ({ series }) => void seen.push(`forecast ${series}`),
    decision: (decision) => ({
      ...decision,
      units: 7,
      trail: [...decision.trail, { by: 'hook(night)', units: 7, text: 'seven at night' }],
    }),
    veto: async (decision) => (decision.step === T0 + 3 * 60_000 ? 'frozen' : undefined),
    decided: ({ key }) => void seen.push(`decided ${key}`),
    receipt: ({ status }) => void seen.push(`receipt ${status}`),
  };
  const actuator = new RecordingActuator();
  const pools = [{ id: 'web', unitRate: 1, target: 1, leadTime: '2m', actuator: use(recording(actuator)) }];
  const { decisions, failures } = await run({ extensions: [use(extension('night', taps))], pools });
  expect(failures).toEqual([]);
  expect(decisions.map((decision) => decision.units)).toEqual([7, 7, 7, 7, 7, 7]);
  expect(
    decisions.find((decision) => decision.trail.some((reason) => reason.by === 'hook(night)' && reason.text === 'vetoed: frozen'))?.step,
  ).toBe(T0 + 3 * 60_000);
  expect(decisions.at(-1)?.trail.some((reason) => reason.by === 'hook(night)')).toBe(true);
  expect(decisions.at(-1)?.demand.actual).toBeCloseTo(1);
  expect(new Set(seen.map((line) => line.split(' ')[0]))).toEqual(new Set(['forecast', 'decided', 'receipt']));
});

test('a plugin that is removed takes its taps along, and is closed once', async () => {
  let calls = 0;
  let closed = 0;
  const counting = extension('counting', {
    decided: () => void calls++,
    decision: async () => void calls++,
    close: async () => void closed++,
  });
  const { engine } = await run({}, {}, (made) => {
    const plugged = made.extend(use(counting));
    made.hooks.decided.tap('remover', async function remove(decision: Decision) {
      if (decision.step === T0 + 2 * 60_000) void plugged.remove();
    } as never);
  });
  // Two taps in each of the first two steps; after that none.
  expect(calls).toBe(4);
  expect(closed).toBe(1);
  expect(
    engine
      .taps()
      .filter(({ tap }) => tap === 'counting')
      .map(({ calls: told }) => told),
  ).toEqual([2, 2]);
});

test('a thousand extensions that came and went leave no tap behind, and a stopped engine takes none', async () => {
  const engine = createEngine(fakeConfig(steady), { mode: 'replay' });
  const one = extension('one', { decision: (decision) => decision, forecast: () => undefined });
  for (let n = 0; n < 1000; n++) await engine.extend(use(one)).remove();
  expect([engine.hooks.decision.taps.length, engine.hooks.forecast.taps.length]).toEqual([0, 0]);
  await engine.start();
  await engine.close();
  expect(() => engine.extend(use(one))).toThrow(/takes no extension/);
});

test('what a tap says after its removal does not count, and its extension is closed after its call has ended', async () => {
  const order: string[] = [];
  const slow = extension('slow', {
    decision: async (decision) => {
      await wait(20);
      order.push('answers');
      return { ...decision, units: 9 };
    },
    close: async () => void order.push('closed'),
  });
  const { decisions } = await run({ guards: { stabilisation: '1ms' } }, {}, (engine) => {
    const plugged = engine.extend(use(slow));
    engine.hooks.decision.tapPromise('remover', async () => {
      if (order.length === 1) void plugged.remove();
      return undefined as never;
    });
    engine.hooks.usage.tap('first', () => {
      if (order.length === 1) void plugged.remove();
      return undefined as never;
    });
  });
  expect(order).toEqual(['answers', 'closed']);
  expect(decisions.map((decision) => decision.units).filter((units) => units === 9).length).toBe(1);
});

test('two extensions of one plugin are told apart, and close with the engine', async () => {
  const closed: string[] = [];
  const plugin = defineExtension({
    id: 'twice',
    summary: 'test',
    config: z.strictObject({ name: z.string() }),
    create: ({ name }): Extension => ({ close: async () => void closed.push(name) }),
  });
  await run({}, {}, (engine) => {
    engine.extend(use(plugin, { name: 'a' }));
    engine.extend(use(plugin, { name: 'b' }));
  });
  expect(closed).toEqual(['b', 'a']);
  const engine = createEngine(fakeConfig(steady), { mode: 'replay' });
  expect(() => engine.extend({ use: plugin, with: {} } as never)).toThrow(/extensions\[\+0\]\(twice\)\.name: is missing/);
});

test.each<[string, Extension, RegExp]>([
  [
    'throws',
    {
      decision: () => {
        throw new Error('no budget file');
      },
    },
    /no budget file/,
  ],
  [
    'rejects',
    {
      veto: async () => {
        throw new Error('HTTP 500');
      },
    },
    /HTTP 500/,
  ],
  ['hangs', { decision: () => wait(60_000, undefined, { ref: false }) }, /hook decision\(harmful\): no answer within 20 ms/],
  ['asks for NaN units', { decision: (decision) => ({ ...decision, units: Number.NaN }) }, /asked for NaN units/],
  ['vetoes without a reason', { veto: () => true as never }, /vetoed with boolean, not a reason/],
  [
    'changes the decision',
    {
      decided: (decision) => {
        (decision as { units: number }).units = 99;
      },
    },
    /read only/,
  ],
  ['returns no list of usage', { usage: () => ({}) as never }, /returned no list of usage/],
  [
    'returns usage made by hand',
    { usage: (usage, step) => [{ step, group: 'x', pop: '', offered: usage.length }] as never },
    /holds something else than usage/,
  ],
  [
    'returns a trail of something else',
    { decision: (decision) => ({ ...decision, trail: ['because'] as never }) },
    /trail is no list of reasons/,
  ],
  ['is asynchronous where it may not be', { usage: (async () => []) as never }, /answered with a promise/],
])('a tap that %s is reported by name and does not stop the cycle', async (_, taps, message) => {
  const { decisions, failures, engine } = await run({ timeLimit: '20ms', extensions: [use(extension('harmful', taps))] });
  expect(failures.map(({ stage, plugin }) => `${stage} ${plugin}`)).toEqual(['hook harmful']);
  expect(failures[0]?.message).toMatch(message);
  const clean = await run({});
  expect(decisions.map((decision) => decision.units)).toEqual(clean.decisions.map((decision) => decision.units));
  expect(engine.taps().find(({ tap }) => tap === 'harmful')?.failures).toBeGreaterThan(3);
});

test('a tap that writes into usage or quantiles reaches nobody else', async () => {
  const clean = await run({});
  const taps: Extension = {
    usage: (usage) => {
      for (const each of usage as unknown as { offered: number }[]) each.offered = 1e6;
      return undefined;
    },
    forecast: (forecast) => {
      forecast.quantiles.fill(1e9);
      queueMicrotask(() => forecast.quantiles.fill(0));
      (forecast.weights as Record<string, number>)['me'] = 1;
    },
  };
  const { decisions, failures } = await run({ extensions: [use(extension('scribbler', taps))] });
  expect(failures).toEqual([]);
  expect(decisions.map(({ units, demand }) => ({ units, demand }))).toEqual(
    clean.decisions.map(({ units, demand }) => ({ units, demand })),
  );
});

test('a tap may shrink a fleet: what it took away does not count as proposed', async () => {
  const cap = extension('cap', { decision: (decision) => (decision.step < T0 + 2 * 60_000 ? undefined : { ...decision, units: 1 }) });
  const pools = [{ id: 'web', unitRate: 0.25, target: 1, leadTime: '1m' }];
  const { decisions } = await run({ extensions: [use(cap)], pools, guards: { stabilisation: '2m' } });
  expect(decisions[0]?.units).toBeGreaterThan(1);
  expect(decisions.at(-1)?.units).toBe(1);
});

test('the time of a tap that fails is counted, too', async () => {
  const slow = extension('slow', {
    veto: async () => {
      await wait(5);
      throw new Error('late');
    },
  });
  const { engine } = await run({ extensions: [use(slow)] });
  expect(engine.taps().find(({ tap }) => tap === 'slow')?.ms).toBeGreaterThan(6 * 4);
});

test('every tap is timed, and metered by name', async () => {
  const registry = new promClient.Registry();
  const slow = extension('slow', { veto: async () => void (await wait(5)) });
  const { engine } = await run({ extensions: [use(slow)] }, { host: { meter: prometheusMeter(promClient, registry) } });
  const cost = engine.taps().find(({ tap }) => tap === 'slow');
  expect(cost).toMatchObject({ hook: 'veto', calls: 6, failures: 0 });
  expect(cost?.ms).toBeGreaterThan(6 * 4);
  expect(await registry.metrics()).toContain('auspex_tap_calls_total{hook="veto",tap="slow"} 6');
});

test('a host hands in its own logger, metrics registry and database client', async () => {
  const lines: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const registry = new promClient.Registry();
  class Client {
    readonly self = this;
    asked = 0;
  }
  const client = new Client();
  const plugin = defineActuator({
    id: 'db',
    summary: 'test',
    config: z.strictObject({ client: z.instanceof(Client).describe('The database client of the host.') }),
    capabilities: { lease: 'none' },
    create: (options, { logger: log }) => {
      log.info({ table: 'fleet' }, 'ready');
      return {
        actuate: async (order) => {
          options.client.asked++;
          return { key: order.key, pool: order.pool, status: 'shadow', units: 1, ready: 1 };
        },
        read: async () => ({ units: 1, ready: 1 }),
      };
    },
  });
  const pools = [{ id: 'web', unitRate: 1, actuator: use(plugin, { client }) }];
  const { engine } = await run({ pools }, { host: { logger, meter: prometheusMeter(promClient, registry) } });
  expect(client.asked).toBe(6);
  expect(lines.map((line) => JSON.parse(line) as Record<string, unknown>)).toEqual(
    expect.arrayContaining([expect.objectContaining({ msg: 'ready', table: 'fleet', plugin: 'pools[0].actuator(db)' })]),
  );
  expect(await registry.metrics()).toContain('auspex_steps_total 6');
  expect(engine.configHash).toMatch(/^[0-9a-f]{12}$/);
});

test("what is learnt is kept in a host's own store", async () => {
  const map = new Map<string, Uint8Array>();
  await run({}, { host: { store: new MapStore(map) } });
  expect([...map.keys()]).toEqual(expect.arrayContaining(['engine/checkpoint', 'profile/a', 'series/pool%3Aweb']));
  const forgetful = new Map<string, Uint8Array>();
  await run({}, { host: { store: new MapStore(forgetful), durable: false } });
  expect(forgetful.has('engine/checkpoint')).toBe(false);
});

test('a plugin has a corner of the store to itself, and a store has none', async () => {
  const map = new Map<string, Uint8Array>();
  const kept: string[] = [];
  const tokens = extension(
    'tokens',
    {
      failure: () => undefined,
      close: async () => undefined,
    },
    ({ store }) => {
      void store.batch([{ type: 'put', key: 'token', value: Uint8Array.of(1) }]).then(async () => {
        for await (const [key, value] of store.scan('')) kept.push(`${key}=${value}`);
        kept.push(String(await store.compareAndSet('token', Uint8Array.of(1), Uint8Array.of(2))), String(await store.get('token')));
      });
    },
  );
  await run({ extensions: [use(tokens)], store: use(mapStore(map)) });
  expect(kept).toEqual(['token=1', 'true', '2']);
  expect(map.get('plugin/extension/tokens/token')).toEqual(Uint8Array.of(2));
  expect(map.has('token')).toBe(false);
  expect(new MapStore(map).map.size).toBe(map.size);
});
