import {
  type AuspexConfig,
  type Decision,
  defineActuator,
  defineAllocator,
  defineAssessor,
  defineCalendar,
  defineEnricher,
  definePredictor,
  defineProfiler,
  defineSource,
  LEVELS,
  type StageFailure,
  use,
} from '@auspex/core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createEngine, silentLogger, VirtualClock } from '../src/index.ts';
import {
  fakeConfig,
  lastValue,
  listSource,
  mapStore,
  meanProfiler,
  plainAllocator,
  plainAssessor,
  RecordingActuator,
  recording,
  T0,
  traffic,
} from './fakes.ts';

/*
 * What inline isolation contains. Each plugin below misbehaves for one group or one pool only; the others are served as if it
 * were well, and the failure says which plugin it was and what it did.
 */

const events = [...traffic([30, 30, 30, 30, 30, 30], 'good'), ...traffic([30, 30, 30, 30, 30, 30], 'bad')].sort((a, b) => a.at - b.at);
const none = z.strictObject({});

async function run(overrides: Partial<AuspexConfig>): Promise<{ failures: StageFailure[]; decisions: Decision[]; warned: string[] }> {
  const warned: string[] = [];
  const logger = { ...silentLogger, warn: (_: object, message: string) => void warned.push(message) };
  await using engine = createEngine(fakeConfig(events, { timeLimit: '30ms', ...overrides }), {
    mode: 'shadow',
    decideFrom: 0,
    host: { clock: new VirtualClock(T0 + 86_400_000), logger },
  });
  const failures: StageFailure[] = [];
  const decisions: Decision[] = [];
  engine.hooks.failure.tap('test', (failure) => void failures.push(failure));
  engine.hooks.decided.tap('test', (decision) => void decisions.push(decision));
  await engine.start();
  await engine.run();
  await engine.close();
  return { failures, decisions, warned };
}

const plain = lastValue.create({ factor: 1, spread: 0.1, mode: 'ok' }, {} as never);

/** The last value, except for series of the group `bad`, where it does `harm`. */
function predictor(harm: (method: string, ...given: never[]) => unknown, batch = false) {
  const bad = new WeakSet<object>();
  const own = plain as import('@auspex/contracts').Predictor<{ value: number }>;
  return definePredictor({
    id: 'harmful',
    summary: 'test',
    config: none,
    capabilities: { batch, trains: false },
    create: (): import('@auspex/contracts').Predictor<{ value: number }> => ({
      ...own,
      begin: (info) => {
        const state = { ...own.begin(info) };
        if (info.name === 'bad') bad.add(state);
        return state;
      },
      observe: (state, observation) => {
        if (bad.has(state))
          return (harm('observe', observation as never) as { value: number }) ?? Object.assign(state, { value: observation.value });
        return Object.assign(state, { value: observation.value });
      },
      forecast: (state, request) =>
        bad.has(state) ? ((harm('forecast', request as never) as never) ?? own.forecast(state, request)) : own.forecast(state, request),
      ...(batch ? { forecastBatch: () => harm('forecastBatch') as never } : {}),
    }),
  });
}

const when = (method: string, act: (given: never) => unknown) => (called: string, given: never) =>
  called === method ? act(given) : undefined;

test.each([
  [
    'throws',
    when('forecast', () => {
      throw new Error('no memory left');
    }),
    'no memory left',
  ],
  ['rejects', when('forecast', () => Promise.reject(new Error('lost'))), 'forecast answered with a promise'],
  ['is asynchronous by mistake', when('observe', async () => ({ value: 1 })), 'observe answered with a promise'],
  [
    'answers NaN',
    when('forecast', () => ({ quantiles: new Float64Array(2 * LEVELS.length).fill(Number.NaN) })),
    /returned NaN|quantiles where/,
  ],
  ['answers in short', when('forecast', () => ({ quantiles: new Float64Array(3) })), 'returned 3 quantiles where'],
  ['answers nothing', when('forecast', () => 'nothing'), 'returned no quantiles'],
  [
    'changes the observation',
    when('observe', (observation: { value: number }) => {
      observation.value = 9;
    }),
    'changed the observation that it was given',
  ],
  [
    'changes the question',
    when('forecast', (request: { horizon: number[] }) => {
      request.horizon[0] = 9;
    }),
    'read only',
  ],
  [
    'changes the levels',
    when('forecast', (request: { levels: number[] }) => {
      request.levels.pop();
    }),
    /Cannot delete|not extensible|read only/,
  ],
] as const)('a predictor that %s fails for its group alone', async (_, harm, message) => {
  const { failures, decisions } = await run({ predictors: [use(predictor(harm as never)), use(lastValue)] });
  const own = failures.filter((failure) => failure.plugin === 'harmful');
  expect(own.map((failure) => failure.subject)).toEqual(expect.arrayContaining(['bad@*/requests']));
  expect(own.every((failure) => failure.subject.startsWith('bad@') && failure.stage === 'predict')).toBe(true);
  expect(own[0]?.message).toMatch(message);
  expect(own[0]?.fallback).toMatch(/the others forecast without it|begins again/);
  // The pool's total is forecast by both, the harmful one included.
  expect(Object.keys(decisions.at(-1)?.demand.weights ?? {}).sort()).toEqual(['harmful', 'last']);
  expect(decisions.at(-1)?.units).toBe(1);
});

test('a batch that never comes is given up after the time limit, and the others forecast', async () => {
  const { failures, decisions } = await run({
    predictors: [
      use(
        predictor(
          when('forecastBatch', () => new Promise(() => undefined)),
          true,
        ),
      ),
      use(lastValue),
    ],
  });
  expect(new Set(failures.map(({ plugin, message }) => `${plugin}: ${message}`))).toEqual(
    new Set(['harmful: predict(harmful): no answer within 30 ms']),
  );
  expect(decisions.at(-1)?.demand.weights).toEqual({ last: 1 });
});

test('a batch that rejects is a failure of each of its series', async () => {
  const { failures } = await run({
    predictors: [
      use(
        predictor(
          when('forecastBatch', () => Promise.reject(new Error('gone'))),
          true,
        ),
      ),
      use(lastValue),
    ],
  });
  expect(failures.map((failure) => failure.subject).sort()).toEqual(['bad@*/requests', 'good@*/requests', 'pool:web']);
});

const profiler = (fold: (step: { usage: readonly { group: string; offered: number; resources?: unknown }[] }) => unknown) => {
  const own = meanProfiler.create({}, {} as never) as import('@auspex/contracts').Profiler<never>;
  return defineProfiler({
    id: 'harmful',
    summary: 'test',
    config: none,
    create: (): import('@auspex/contracts').Profiler<never> => ({
      ...own,
      fold: (state, step) => ((step.usage[0]?.group === 'bad' ? fold(step as never) : undefined) as never) ?? own.fold(state, step),
    }),
  });
};

test.each([
  [
    'throws',
    () => {
      throw new Error('bad group');
    },
    'bad group',
  ],
  ['rejects', () => Promise.reject(new Error('lost')), 'fold answered with a promise'],
  [
    'changes the list of usage',
    ({ usage }: { usage: unknown[] }) => {
      usage.pop();
    },
    'changed the usage that it was given',
  ],
] as const)('a profiler that %s fails for its group alone', async (_, harm, message) => {
  const { failures, decisions } = await run({ profiler: use(profiler(harm as never)) });
  expect(failures.map(({ stage, plugin, subject }) => `${stage} ${plugin} ${subject}`)).toEqual(['profile harmful bad']);
  expect(failures[0]?.message).toMatch(message);
  const surges = decisions.at(-1)?.surges ?? [];
  expect(surges.find((surge) => surge.group === 'good')?.expected).toBeCloseTo(0.5);
});

test('a profiler that changes usage changes its own belief only: history, pools and forecasts keep what happened', async () => {
  const clean = await run({});
  const dirty = await run({
    profiler: use(
      profiler(({ usage }) => {
        for (const each of usage) each.offered = 1e6;
      }),
    ),
  });
  const demand = (decisions: Decision[]): unknown =>
    decisions.map(({ units, demand: { actual, expected } }) => ({ units, actual, expected }));
  expect(demand(dirty.decisions)).toEqual(demand(clean.decisions));
});

test.each([
  [
    'throws',
    () => {
      throw new Error('no idea');
    },
    'no idea',
  ],
  ['rejects', () => Promise.reject(new Error('lost')), 'assess answered with a promise'],
  ['answers a probability of NaN', (answer: object) => ({ ...answer, probability: Number.NaN }), 'returned the probability NaN'],
  ['answers without contributions', (answer: object) => ({ ...answer, contributions: undefined }), 'gave no contributions'],
  [
    'changes its input',
    (_: object, input: { actual: number }) => {
      input.actual = 0;
    },
    'read only',
  ],
] as const)('an assessor that %s fails for its group alone', async (_, harm, message) => {
  const own = plainAssessor.create({ mode: 'ok' }, {} as never);
  const assessor = defineAssessor({
    id: 'harmful',
    summary: 'test',
    config: none,
    create: () => ({
      assess: (input) =>
        input.group === 'bad' ? ((harm as (...all: unknown[]) => never)(own.assess(input), input) ?? own.assess(input)) : own.assess(input),
    }),
  });
  const { failures, decisions } = await run({ assess: use(assessor) });
  expect(failures.map(({ plugin, subject }) => `${plugin} ${subject}`)).toEqual(['harmful bad@*']);
  expect(failures[0]?.message).toMatch(message);
  const surges = decisions.at(-1)?.surges ?? [];
  expect(surges.find((surge) => surge.group === 'bad')?.contributions[0]?.of).toBe('fallback');
  expect(surges.find((surge) => surge.group === 'good')?.contributions[0]?.of).toBe('deviation');
});

test.each([
  [
    'throws',
    () => {
      throw new Error('no plan');
    },
    'no plan',
  ],
  ['rejects', () => Promise.reject(new Error('lost')), 'allocate answered with a promise'],
  [
    'changes a pool',
    (input: { pools: { pool: { max: number } }[] }) => {
      (input.pools[0] as { pool: { max: number } }).pool.max = 1e9;
    },
    'read only',
  ],
] as const)('an allocator that %s leaves every pool as it is', async (_, harm, message) => {
  const own = plainAllocator.create({ mode: 'ok' }, {} as never) as import('@auspex/contracts').Allocator<never>;
  const allocator = defineAllocator({
    id: 'harmful',
    summary: 'test',
    config: none,
    create: (): import('@auspex/contracts').Allocator<never> => ({
      ...own,
      allocate: (state, input) => (harm as (input: unknown) => never)(input) ?? own.allocate(state, input),
    }),
  });
  const { failures, decisions } = await run({ allocate: use(allocator) });
  expect(failures.map(({ plugin, subject }) => `${plugin} ${subject}`)).toEqual(['harmful web']);
  expect(failures[0]?.message).toMatch(message);
  expect(decisions.at(-1)?.trail[0]?.text).toContain('units stay');
});

test('an allocator that writes into its input is found out, and deceives only itself', async () => {
  const own = plainAllocator.create({ mode: 'ok' }, {} as never) as import('@auspex/contracts').Allocator<never>;
  const allocator = defineAllocator({
    id: 'harmful',
    summary: 'test',
    config: none,
    create: (): import('@auspex/contracts').Allocator<never> => ({
      ...own,
      allocate: (state, input) => {
        const proposals = own.allocate(state, input);
        for (const view of input.pools as unknown as {
          units: number;
          groups: unknown[];
          forecast: { by: string; quantiles: Float64Array };
        }[]) {
          view.forecast.quantiles.fill(1e9);
          view.forecast.by = 'me';
          view.groups.length = 0;
          view.units = 99;
        }
        return proposals;
      },
    }),
  });
  const { failures, decisions } = await run({ allocate: use(allocator) });
  expect(failures.map(({ plugin, message }) => `${plugin} ${message}`)).toEqual(['harmful changed the input that it was given']);
  const last = decisions.at(-1);
  expect(last?.demand).toMatchObject({ by: 'ensemble', weights: { last: 1 } });
  expect(last?.demand.expected).toBeLessThan(2);
  expect(last?.surges.length).toBe(2);
  expect(last?.previous).toBe(1);
});

test.each([
  [
    'throws',
    async () => {
      throw new Error('API says 500');
    },
    'API says 500',
  ],
  [
    'rejects at once',
    () => {
      throw new Error('no client');
    },
    'no client',
  ],
  ['hangs', () => new Promise(() => undefined), 'no answer within 30 ms'],
  ['answers nothing', async () => undefined, 'answered without a receipt'],
  ['answers for another order', async (order: object) => ({ ...order, key: 'x', status: 'applied', ready: 0 }), 'answered for x'],
  [
    'answers that it is done, and left alone',
    async (order: object) => ({ ...order, status: 'applied', ready: 0, leftUntil: 1 }),
    'answered applied, and left alone until 1',
  ],
  ['answers NaN units', async (order: object) => ({ ...order, status: 'applied', units: Number.NaN, ready: 0 }), 'answered with NaN units'],
  [
    'changes the order',
    async (order: { units: number }) => {
      order.units = 99;
    },
    'read only',
  ],
] as const)('an actuator that %s fails for its pool alone', async (_, harm, message) => {
  const harmful = defineActuator({
    id: 'harmful',
    summary: 'test',
    config: none,
    capabilities: { lease: 'none' },
    create: () => ({ actuate: harm as never, read: async () => ({ units: 1, ready: 1 }) }),
  });
  const well = new RecordingActuator();
  const { failures } = await run({
    pools: [
      { id: 'bad', unitRate: 1, actuator: use(harmful) },
      { id: 'good', unitRate: 1, actuator: use(recording(well)) },
    ],
  });
  const own = failures.filter((failure) => failure.plugin === 'harmful');
  expect(own.map((failure) => failure.subject)).toEqual(['bad']);
  expect(own[0]?.message).toMatch(message);
  expect(well.orders.length).toBeGreaterThan(3);
});

test.each([
  ['hangs', () => new Promise<never>(() => undefined), 'no answer within 30 ms'],
  [
    'rejects',
    async () => {
      throw new Error('HTTP 503');
    },
    'HTTP 503',
  ],
  ['answers nonsense', async () => [{ id: 'x', name: 'x', start: 5, end: 1, impact: 1 }], 'ends before it starts'],
] as const)('a calendar that %s is not known for the step, and the other one is', async (_, harm, message) => {
  const event = { id: 'e', name: 'e', start: T0, end: T0 + 86_400_000, impact: 0.4 };
  const calendar = (id: string, between: () => unknown) =>
    defineCalendar({ id, summary: 'test', config: none, create: () => ({ between: between as never }) });
  const { failures, decisions } = await run({ calendars: [use(calendar('harmful', harm)), use(calendar('well', () => [event]))] });
  expect(failures.map(({ plugin }) => plugin)).toEqual(['harmful']);
  expect(failures[0]?.message).toMatch(message);
  expect(decisions[0]?.surges[0]?.eventImpact).toBe(0.4);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('bad event');
    },
    'bad event',
  ],
  ['rejects', async () => undefined, 'enrich answered with a promise'],
  ['moves an event in time', (event: object) => ({ ...event, at: Number.NaN }), 'moved an event'],
] as const)('an enricher that %s lets the event go on as it was', async (_, harm, message) => {
  const enricher = defineEnricher({
    id: 'harmful',
    summary: 'test',
    config: none,
    create: () => ({
      begin: () => ({}),
      enrich: (_state, event) => (event.group === 'bad' ? (harm(event) as never) : event),
      encode: () => new Uint8Array(0),
      decode: () => ({}),
    }),
  });
  const { failures, decisions } = await run({ enrich: [use(enricher)] });
  expect(failures.map(({ stage, plugin }) => `${stage} ${plugin}`)).toEqual(['enrich harmful']);
  expect(failures[0]?.message).toMatch(message);
  expect(decisions.at(-1)?.demand.actual).toBeCloseTo(1);
});

test('a plugin whose close hangs is named, and the engine ends', async () => {
  const actuator = defineActuator({
    id: 'sticky',
    summary: 'test',
    config: none,
    capabilities: { lease: 'none' },
    create: () => ({
      actuate: async () => ({}) as never,
      read: async () => ({ units: 1, ready: 1 }),
      close: () => new Promise<void>(() => undefined),
    }),
  });
  const engine = createEngine(fakeConfig(events, { timeLimit: '30ms', pools: [{ id: 'web', unitRate: 1, actuator: use(actuator) }] }), {
    mode: 'replay',
  });
  await engine.start();
  await expect(engine.close()).rejects.toThrow(/1 part\(s\) did not close/);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('no correlation');
    },
    'no correlation',
  ],
  ['rejects', () => Promise.reject(new Error('lost')), 'relate answered with a promise'],
  ['answers nonsense', () => ({ a: 1 }), 'related groups to no lists'],
] as const)('a profiler whose relate %s leaves correlations as they were', async (_, relate, message) => {
  const own = meanProfiler.create({}, {} as never) as import('@auspex/contracts').Profiler<never>;
  const harmful = defineProfiler({ id: 'harmful', summary: 'test', config: none, create: () => ({ ...own, relate: relate as never }) });
  const { failures, decisions } = await run({ profiler: use(harmful) });
  expect(failures.map(({ subject }) => subject)).toEqual(['relating groups']);
  expect(failures[0]?.message).toMatch(message);
  expect(decisions.length).toBeGreaterThan(4);
});

test('an allocator sees the budget, and one that spends it is found out', async () => {
  const own = plainAllocator.create({ mode: 'ok' }, {} as never) as import('@auspex/contracts').Allocator<never>;
  const seen: unknown[] = [];
  const allocator = defineAllocator({
    id: 'harmful',
    summary: 'test',
    config: none,
    create: () => ({
      ...own,
      allocate: (state, input) => {
        seen.push({ ...input.budget });
        if (input.budget) (input.budget as { units: number }).units -= 1;
        return own.allocate(state, input);
      },
    }),
  });
  const { failures } = await run({ allocate: use(allocator), budget: { units: 40 } });
  expect(seen[0]).toEqual({ units: 40 });
  expect(seen.at(-1)).toEqual({ units: 40 });
  expect(failures[0]?.message).toBe('changed the input that it was given');
  seen.length = 0;
  await run({ allocate: use(allocator) });
  expect(seen[0]).toEqual({});
});

test('what cannot be written costs itself alone its state: profile, predictor, enricher and allocator', async () => {
  const cannot = (): never => {
    throw new Error('cannot be written');
  };
  const profile = meanProfiler.create({}, {} as never) as import('@auspex/contracts').Profiler<never>;
  const allocate = plainAllocator.create({ mode: 'ok' }, {} as never) as import('@auspex/contracts').Allocator<never>;
  const enricher = defineEnricher({
    id: 'harmful',
    summary: 'test',
    config: none,
    create: () => ({ begin: () => ({}), enrich: (_state, event) => event, encode: cannot, decode: () => ({}) }),
  });
  const map = new Map<string, Uint8Array>();
  const config = {
    store: use(mapStore(map)),
    enrich: [use(enricher)],
    profiler: use(defineProfiler({ id: 'harmful', summary: 'test', config: none, create: () => ({ ...profile, encode: cannot }) })),
    allocate: use(defineAllocator({ id: 'harmful', summary: 'test', config: none, create: () => ({ ...allocate, encode: cannot }) })),
    predictors: [
      use(
        definePredictor({
          id: 'harmful',
          summary: 'test',
          config: none,
          capabilities: { batch: false, trains: false },
          create: () => ({ ...(plain as import('@auspex/contracts').Predictor<never>), encode: cannot }),
        }),
      ),
    ],
  };
  const { decisions } = await run(config);
  expect(decisions.length).toBeGreaterThan(4);
  // Everything that can be written is, and the next start begins from it.
  expect(map.has('engine/checkpoint')).toBe(true);
  expect(map.has('series/pool%3Aweb')).toBe(true);
  expect(map.has('profile/good')).toBe(false);
  const again = await run(config);
  expect(again.warned.filter((line) => line.includes('allocate(harmful) failed for state')).length).toBe(2);
});

test('an enricher that cannot begin is left out, and named', async () => {
  const enricher = defineEnricher({
    id: 'harmful',
    summary: 'test',
    config: none,
    create: () => ({
      begin: () => {
        throw new Error('no table');
      },
      enrich: () => undefined,
      encode: () => new Uint8Array(0),
      decode: () => ({}),
    }),
  });
  const { failures, decisions } = await run({ enrich: [use(enricher)] });
  expect(failures.map(({ stage, plugin, message }) => `${stage} ${plugin} ${message}`)).toEqual(['enrich harmful no table']);
  expect(decisions.at(-1)?.demand.actual).toBeCloseTo(1);
});

test('an enricher that is well again is news when it fails again', async () => {
  const enricher = defineEnricher({
    id: 'moody',
    summary: 'test',
    config: none,
    create: () => ({
      begin: () => ({}),
      enrich: (_state, event) => {
        // The first and the fourth minute.
        if (Math.floor((event.at - T0) / 60_000) % 3 === 0) throw new Error('bad minute');
        return event;
      },
      encode: () => new Uint8Array(0),
      decode: () => ({}),
    }),
  });
  const { failures } = await run({ enrich: [use(enricher)] });
  expect(failures.map(({ message }) => message)).toEqual(['bad minute', 'bad minute']);
});

test('two uses of one enricher keep a state each through a restart', async () => {
  const seen: string[] = [];
  const enricher = defineEnricher({
    id: 'named',
    summary: 'test',
    config: z.strictObject({ name: z.string() }),
    create: ({ name }): import('@auspex/contracts').Enricher<{ name: string }> => ({
      begin: () => ({ name }),
      enrich: (_state, event) => event,
      encode: (state) => new TextEncoder().encode(state.name),
      decode: (bytes) => {
        seen.push(`${name} reads ${new TextDecoder().decode(bytes)}`);
        return { name };
      },
    }),
  });
  const map = new Map<string, Uint8Array>();
  const config = { store: use(mapStore(map)), enrich: [use(enricher, { name: 'a' }), use(enricher, { name: 'b' })] };
  await run(config);
  await run(config);
  expect(seen).toEqual(['a reads a', 'b reads b']);
});

test.each([
  ['hangs', () => new Promise<void>(() => undefined), 'no answer within 30 ms'],
  [
    'rejects',
    async () => {
      throw new Error('coordinator gone');
    },
    'coordinator gone',
  ],
] as const)('a source whose commit %s is named, and read on', async (_, commit, message) => {
  const own = listSource(events).create({}, {} as never);
  const source = defineSource({
    id: 'list',
    summary: 'test',
    config: none,
    capabilities: { replayable: true, silence: 'zero' },
    create: () => ({ open: own.open, commit }),
  });
  const { warned, decisions } = await run({ sources: [use(source)], store: use(mapStore(new Map())) });
  const line = warned.find((each) => each.startsWith('source(list#0) failed for commit'));
  expect(line).toContain('its positions stand in the checkpoint');
  expect(line).toContain(message);
  expect(decisions.at(-1)?.demand.actual).toBeCloseTo(1);
});

test('an allocator is told that a saturated step is a bound', async () => {
  const truths: string[] = [];
  const own = plainAllocator.create({ mode: 'ok' }, {} as never) as import('@auspex/contracts').Allocator<never>;
  const allocator = defineAllocator({
    id: 'looking',
    summary: 'test',
    config: none,
    create: (): import('@auspex/contracts').Allocator<never> => ({
      ...own,
      allocate: (state, input) => {
        truths.push(input.pools[0]?.truth ?? '');
        return own.allocate(state, input);
      },
    }),
  });
  const well = new RecordingActuator();
  // One request a second, and the one unit that is ready serves half of it.
  await run({ allocate: use(allocator), pools: [{ id: 'web', unitRate: 0.5, max: 1, actuator: use(recording(well)) }] });
  expect(truths.at(-1)).toBe('censored');
});

test('a plugin without state may begin with nothing (regression: it was never asked)', async () => {
  const stateless = { begin: () => undefined, encode: () => new Uint8Array(0), decode: () => undefined };
  const enricher = defineEnricher({
    id: 'stateless',
    summary: 'test',
    config: none,
    create: () => ({ ...stateless, enrich: (_state, event) => (event.group === 'bad' ? { ...event, group: 'renamed' } : event) }),
  });
  const predictor = definePredictor({
    id: 'stateless',
    summary: 'test',
    config: none,
    capabilities: { batch: false, trains: false },
    create: () => ({
      ...stateless,
      observe: () => undefined,
      forecast: (_state, { horizon }) => ({ quantiles: new Float64Array(horizon.length * LEVELS.length).fill(3) }),
    }),
  });
  const { failures, decisions } = await run({ enrich: [use(enricher)], predictors: [use(predictor)], store: use(mapStore(new Map())) });
  expect(failures).toEqual([]);
  expect(
    decisions
      .at(-1)
      ?.surges.map((surge) => surge.group)
      .sort(),
  ).toEqual(['good', 'renamed']);
  expect(decisions.at(-1)?.demand.weights).toEqual({ stateless: 1 });
});

test('a predictor may use its array again: each series keeps its own answer (regression: the last one overwrote all)', async () => {
  const shared = new Float64Array(64);
  const reusing = definePredictor({
    id: 'reusing',
    summary: 'test',
    config: none,
    capabilities: { batch: false, trains: false },
    create: (): import('@auspex/contracts').Predictor<{ name: string }> => ({
      begin: ({ name }) => ({ name }),
      observe: (state) => state,
      forecast: ({ name }, { horizon }) => ({ quantiles: shared.subarray(0, horizon.length * LEVELS.length).fill(name === 'bad' ? 7 : 3) }),
      encode: () => new Uint8Array(0),
      decode: () => ({ name: '' }),
    }),
  });
  const seen = new Map<string, number>();
  await using engine = createEngine(fakeConfig(events, { predictors: [use(reusing)] }), { mode: 'replay' });
  engine.hooks.forecast.tap('test', (forecast) => void seen.set(forecast.series, forecast.quantiles[3] as number));
  await engine.start();
  await engine.run();
  expect(seen.get('bad@*/requests')).toBeGreaterThan(2 * (seen.get('good@*/requests') as number));
});

test('an assessor may use its object again: each group keeps its own surge', async () => {
  const one = {
    group: '',
    pop: '',
    score: 0,
    probability: 0,
    expected: 0,
    actual: 0,
    deviation: 0,
    eventImpact: 0,
    contributions: [] as never[],
  };
  const assessor = defineAssessor({
    id: 'reusing',
    summary: 'test',
    config: none,
    create: () => ({ assess: ({ group, pop }) => Object.assign(one, { group, pop, probability: group === 'bad' ? 0.9 : 0.1 }) }),
  });
  const { decisions } = await run({ assess: use(assessor) });
  expect(decisions.at(-1)?.surges.map(({ group, probability }) => `${group} ${probability}`)).toEqual(['bad 0.9', 'good 0.1']);
});

test.each([
  [
    'writes and then throws',
    (event: { group: string; count?: number }) => {
      event.group = 'stolen';
      event.count = -1e9;
      throw new Error('half done');
    },
    'half done',
  ],
  ['makes a count of NaN', (event: object) => ({ ...event, count: Number.NaN }), 'changed what the source measured'],
  ['answers with a piece of an event', (event: { at: number }) => ({ at: event.at }), 'changed what the source measured'],
  ['gives a group that is no text', (event: object) => ({ ...event, group: 7 }), 'gave a group or POP that is no text'],
  ['gives a resource that is no text', (event: object) => ({ ...event, resource: ['a'] }), 'gave a resource'],
] as const)('an enricher that %s is named, and the event is counted as it was', async (_, harm, message) => {
  const enricher = defineEnricher({
    id: 'harmful',
    summary: 'test',
    config: none,
    create: () => ({
      begin: () => ({}),
      enrich: (_state, event) => (event.group === 'bad' ? (harm(event as never) as never) : event),
      encode: () => new Uint8Array(0),
      decode: () => ({}),
    }),
  });
  const { failures, decisions } = await run({ enrich: [use(enricher)] });
  expect([...new Set(failures.map(({ stage, plugin }) => `${stage} ${plugin}`))]).toEqual(['enrich harmful']);
  expect(failures[0]?.message).toMatch(message);
  expect(decisions.at(-1)?.demand.actual).toBeCloseTo(1);
  expect(
    decisions
      .at(-1)
      ?.surges.map((surge) => surge.group)
      .sort(),
  ).toEqual(['bad', 'good']);
});

test.each([
  [
    'a calendar with groups that are no list',
    {
      calendars: [
        use(
          defineCalendar({
            id: 'harmful',
            summary: 'test',
            config: none,
            create: () => ({ between: () => [{ id: 'x', name: 'x', start: T0, end: T0 + 86_400_000, impact: 1, groups: 5 as never }] }),
          }),
        ),
      ],
    },
  ],
  [
    'an allocator that proposes nothing for a pool',
    {
      allocate: use(
        defineAllocator({
          id: 'harmful',
          summary: 'test',
          config: none,
          create: () => ({ begin: () => ({}), allocate: () => [undefined] as never, encode: () => new Uint8Array(0), decode: () => ({}) }),
        }),
      ),
    },
  ],
] as const)('%s does not end the run', async (_, overrides) => {
  const { failures, decisions } = await run(overrides as never);
  expect(failures.map(({ plugin }) => plugin)).toEqual(['harmful']);
  expect(decisions.length).toBeGreaterThan(4);
});
