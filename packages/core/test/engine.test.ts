import { defineCalendar } from '@auspex/contracts';
import {
  type AuspexConfig,
  createEngine,
  type Decision,
  type EngineOptions,
  type JournalRecord,
  readJournal,
  use,
  VirtualClock,
} from '@auspex/core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  fakeConfig,
  lastValue,
  listSource,
  MapStore,
  MINUTE,
  mapStore,
  plainAllocator,
  plainAssessor,
  RecordingActuator,
  recording,
  request,
  T0,
  traffic,
} from './fakes.ts';

async function run(config: AuspexConfig, options: Partial<EngineOptions> = {}) {
  const lines: string[] = [];
  const engine = createEngine(config, {
    mode: 'replay',
    host: { clock: new VirtualClock(T0) },
    ...options,
    onJournal: (line) => lines.push(line),
  });
  await engine.start();
  await engine.run();
  const groups = engine.groups();
  const counts = engine.counts();
  const profile = groups[0] === undefined ? undefined : engine.profile(groups[0]);
  await engine.close();
  const records = lines.map((line) => JSON.parse(line) as JournalRecord);
  const decisions = records.flatMap((record) => (record.type === 'decision' ? [record.decision] : []));
  const failures = records.flatMap((record) => (record.type === 'failure' ? [record.failure] : []));
  return { engine, lines, records, decisions, failures, groups, counts, profile };
}

const steady = traffic(Array.from({ length: 30 }, () => 120));

test('every step gets a decision with a trail, a quiet one included', async () => {
  const { decisions, counts, groups, profile } = await run(fakeConfig(steady));
  expect(decisions).toHaveLength(30);
  expect(counts).toMatchObject({ events: 3600, late: 0, malformed: 0, ahead: 0, steps: 30 });
  expect(groups).toEqual(['a']);
  expect(profile).toMatchObject({ perMinute: 120, correlated: [{ group: 'z', lagMs: 0, r: 1 }] });
  const quiet = decisions.at(-1) as Decision;
  expect(quiet).toMatchObject({
    pool: 'web',
    units: 2,
    previous: 2,
    shadow: false,
    key: 'web@2026-01-05T00:30:00Z',
    demand: { actual: 2, by: 'ensemble' },
  });
  expect(quiet.trail.at(-1)).toEqual({ by: 'decision', units: 2, text: 'stays at 2' });
  expect(quiet.configHash).toMatch(/^[0-9a-f]{12}$/);
});

test('before any predictor answers, persistence stands in and says so', async () => {
  const { decisions } = await run(fakeConfig(steady, { predictors: [] }));
  expect(decisions[0]?.demand).toMatchObject({ by: 'persistence', fallback: 'no predictor has an answer', expected: 2 });
});

test('the journal has the same bytes twice, however the input is cut', async () => {
  const bursts = traffic(Array.from({ length: 60 }, (_, i) => 60 + ((i * 37) % 91)));
  const journals: string[] = [];
  for (const size of [1, 7, 100, 100_000, 7]) {
    const { lines } = await run(fakeConfig(bursts, { sources: [use(listSource(bursts, size))], lateness: '2s' }));
    journals.push(lines.join('\n'));
  }
  expect(new Set(journals).size).toBe(1);
});

test('out-of-order events within the lateness are counted, later ones are late; both whatever the batches', async () => {
  const events = [
    request(T0),
    request(T0 + 61_000),
    request(T0 + 59_000),
    request(T0 + 130_000),
    request(T0 + 1_000),
    request(T0 + 190_000),
  ];
  for (const size of [1, 2, 6]) {
    const { counts, decisions } = await run(fakeConfig(events, { sources: [use(listSource(events, size))], lateness: '5s' }));
    expect(counts).toMatchObject({ events: 6, late: 1, steps: 4 });
    expect(decisions[0]?.demand.actual).toBeCloseTo(2 / 60, 5);
  }
});

test('one event from 2099 does not close the steps of everybody else', async () => {
  const events = [...traffic([60, 60]), request(Date.UTC(2099, 0, 1)), ...traffic([60, 60], 'a', T0 + 2 * MINUTE)];
  const { counts } = await run(fakeConfig(events));
  expect(counts).toMatchObject({ events: 240, ahead: 1, late: 0, steps: 4 });
});

test('a step without a row in a table is missing, not zero', async () => {
  const events = traffic([120, 0, 0, 120]);
  const gap = await run(fakeConfig(events, { sources: [use(listSource(events, 10, { silence: 'gap' }))] }));
  expect(gap.decisions.map((decision) => decision.demand.actual)).toEqual([2, 2, 2, 2]);
  const zero = await run(fakeConfig(events));
  expect(zero.decisions.map((decision) => decision.demand.actual)).toEqual([2, 0, 0, 2]);
});

test('more groups than there is room for are counted as other, and the journal says so once', async () => {
  const events = Array.from({ length: 40 }, (_, i) => request(T0 + i * 5_000, `g${i % 8}`));
  const { groups, records } = await run(fakeConfig(events, { maxGroups: 3 }));
  expect(groups).toHaveLength(4);
  expect(groups).toContain('other');
  expect(records.filter((record) => record.type === 'notice' && record.code === 'GROUPS_OVERFLOW')).toHaveLength(1);
});

test('a pool serves its POP and groups only; groups of several POPs are scaled to each', async () => {
  const events = [...traffic([60, 60, 60, 60], 'a'), ...traffic([120, 120, 120, 120], 'a').map((event) => ({ ...event, pop: 'q' }))].sort(
    (x, y) => x.at - y.at,
  );
  const pools = [
    { id: 'p', pop: 'p', unitRate: 1, target: 1, leadTime: '1m' },
    { id: 'q', pop: 'q', unitRate: 1, target: 1, leadTime: '1m', groups: ['a*'], importances: { 'a*': 2 } },
    { id: 'none', pop: 'q', unitRate: 1, groups: ['b'], leadTime: '1m', measure: 'work' as const },
  ];
  const { decisions } = await run(fakeConfig(events, { pools }));
  const last = decisions.slice(-3);
  expect(last.map((decision) => decision.units)).toEqual([1, 2, 1]);
  expect(last[1]?.surges[0]?.expected).toBeCloseTo(2, 1);
  expect(last[2]?.surges).toEqual([]);
});

test('saturated and throttled steps are bounds: nothing learns from them', async () => {
  const actuator = new RecordingActuator();
  const events = traffic([60, 60, 60, 600, 60]);
  const pools = [{ id: 'web', unitRate: 1.2, target: 1, max: 1, leadTime: '1m', actuator: use(recording(actuator)) }];
  const bound = await run(fakeConfig(events, { pools }));
  expect(bound.profile?.perMinute).toBe(60);
  const trusted = await run(fakeConfig(events, { pools }), { trustDemand: true });
  expect(trusted.profile?.perMinute).toBe(168);
  const throttled = traffic([60, 60, 60]).map((event, i) => (i > 60 && i < 90 ? { ...event, outcome: 'throttled' as const } : event));
  expect((await run(fakeConfig(throttled))).profile?.steps).toBe(2);
});

test('masked steps are not learnt from', async () => {
  const events = traffic([60, 60, 6000, 60]);
  const masks = [{ from: '2026-01-05T00:02:00Z', to: '2026-01-05T00:03:00Z', why: 'load test' }];
  const { profile } = await run(fakeConfig(events, { masks }));
  expect(profile).toMatchObject({ steps: 3, perMinute: 60 });
});

test('a predictor that fails is named once and the others go on', async () => {
  for (const mode of ['throw', 'nan', 'short', 'negative', 'observe', 'begin']) {
    const predictors = [use(lastValue, { mode }), use(lastValue)];
    const { decisions, failures } = await run(fakeConfig(steady, { predictors }));
    expect(decisions.at(-1)?.demand).toMatchObject({ by: 'ensemble', expected: 2 });
    const subjects = failures.filter((failure) => failure.stage === 'predict').map((failure) => failure.subject);
    expect(new Set(subjects).size).toBe(subjects.length);
    expect(failures[0]).toMatchObject({ stage: 'predict', plugin: 'predictors[0](last)' });
  }
});

test('crossing quantiles are put in order', async () => {
  const { failures, decisions } = await run(fakeConfig(steady, { predictors: [use(lastValue, { mode: 'crossing' })] }));
  expect(failures).toEqual([]);
  const { low, expected, high } = (decisions.at(-1) as Decision).demand;
  expect(low).toBeLessThanOrEqual(expected);
  expect(expected).toBeLessThanOrEqual(high);
});

test('the better predictor earns the weight', async () => {
  const wavy = traffic(Array.from({ length: 400 }, (_, i) => 100 + (i % 5)));
  const seen: Record<string, number>[] = [];
  const engine = createEngine(fakeConfig(wavy, { predictors: [use(lastValue, { factor: 2 }), use(lastValue)] }), {
    mode: 'replay',
    host: { clock: new VirtualClock(T0) },
  });
  engine.hooks.forecast.tap('watch', (forecast) => {
    if (forecast.weights && forecast.series === 'pool:web') seen.push({ ...forecast.weights });
  });
  await engine.start();
  await engine.run();
  await engine.close();
  expect(seen[0]).toEqual({ 'predictors[0](last)': 0.5, 'predictors[1](last)': 0.5 });
  expect(seen.at(-1)?.['predictors[1](last)']).toBeGreaterThan(0.95);
});

test('an assessor or allocator that fails holds what is there, and the trail says why', async () => {
  const assess = await run(fakeConfig(steady, { assess: use(plainAssessor, { mode: 'throw' }) }));
  expect(assess.decisions.at(-1)?.surges[0]).toMatchObject({
    probability: 0,
    contributions: [{ of: 'fallback', text: 'plain failed: cannot assess' }],
  });
  expect((await run(fakeConfig(steady, { assess: use(plainAssessor, { mode: 'wrong' }) }))).failures[0]?.message).toBe(
    'returned the probability 7',
  );
  for (const [mode, why] of [
    ['throw', 'cannot allocate'],
    ['none', 'made no proposal'],
    ['nan', 'proposed NaN units'],
    ['silent', 'gave no reason'],
  ] as const) {
    const { decisions, failures } = await run(fakeConfig(steady, { allocate: use(plainAllocator, { mode }) }));
    expect(decisions.at(-1)).toMatchObject({ units: 1, previous: 1 });
    expect(decisions.at(-1)?.trail[0]?.text).toBe(`failed (${why}): 1 units stay`);
    expect(failures).toHaveLength(1);
  }
});

test('onFailure: fail stops the engine and names the plugin', async () => {
  const config = fakeConfig(steady, { allocate: use(plainAllocator, { mode: 'throw' }), onFailure: { allocate: 'fail' } });
  await expect(run(config)).rejects.toMatchObject({ code: 'PLUGIN_FAILED', path: 'allocate(plain) for web' });
});

test('decisions are actuated with key, bounds and epoch; a huge proposal meets the bounds guard', async () => {
  const actuator = new RecordingActuator();
  const pools = [{ id: 'web', unitRate: 1, target: 1, max: 9, leadTime: '2m', actuator: use(recording(actuator)) }];
  const { records, decisions } = await run(fakeConfig(steady, { pools, allocate: use(plainAllocator, { mode: 'huge' }) }));
  expect(actuator.orders).toHaveLength(30);
  expect(actuator.orders[0]).toMatchObject({ key: 'web@2026-01-05T00:01:00Z', units: 9, min: 1, max: 9, epoch: 0, shadow: false });
  expect(decisions[0]?.trail.map((reason) => reason.by)).toEqual(['allocate(plain)', 'guard(bounds)', 'decision']);
  expect(records.filter((record) => record.type === 'receipt')).toHaveLength(30);
  expect(actuator.closed).toBe(true);
});

test('an actuator that fails refuses its own pool only', async () => {
  for (const fail of ['actuate', 'read'] as const) {
    const broken = new RecordingActuator();
    broken.fail = fail;
    const sound = new RecordingActuator();
    const pools = [
      { id: 'broken', unitRate: 1, leadTime: '1m', actuator: use(recording(broken)) },
      { id: 'sound', unitRate: 1, target: 1, leadTime: '1m', actuator: use(recording(sound)) },
    ];
    const { failures } = await run(fakeConfig(steady, { pools }));
    expect(sound.units).toBe(2);
    expect(failures).toMatchObject([{ stage: 'actuate', plugin: 'recording', subject: fail === 'read' ? 'reading broken' : 'broken' }]);
  }
});

test('shadow orders reach the actuator and change nothing', async () => {
  const actuator = new RecordingActuator();
  const pools = [{ id: 'web', unitRate: 1, target: 1, leadTime: '2m', actuator: use(recording(actuator)) }];
  const { decisions } = await run(fakeConfig(steady, { pools }), { mode: 'shadow', decideFrom: 0 });
  expect(actuator.units).toBe(1);
  expect(actuator.orders.every((order) => order.shadow)).toBe(true);
  expect(decisions.at(-1)).toMatchObject({ shadow: true, units: 2 });
});

test('a shadow goes by its own orders, not by what somebody else does to the target', async () => {
  const actuator = new RecordingActuator();
  actuator.units = 7;
  const pools = [{ id: 'web', unitRate: 1, target: 1, leadTime: '2m', actuator: use(recording(actuator)) }];
  const { decisions } = await run(fakeConfig(steady, { pools, guards: { stabilisation: '0s' } }), { mode: 'shadow', decideFrom: 0 });
  expect(decisions.slice(0, 3).map(({ previous, units }) => [previous, units])).toEqual([
    [7, 2],
    [2, 2],
    [2, 2],
  ]);
});

test('a decision is in the store before it is ordered', async () => {
  const map = new Map<string, Uint8Array>();
  const held: boolean[] = [];
  class Watching extends RecordingActuator {
    override async actuate(order: Parameters<RecordingActuator['actuate']>[0]) {
      held.push([...map.values()].some((value) => Buffer.from(value).toString().includes(`"key":"${order.key}"`)));
      return super.actuate(order);
    }
  }
  const pools = [{ id: 'web', unitRate: 1, target: 1, leadTime: '2m', actuator: use(recording(new Watching())) }];
  await run(fakeConfig(steady, { pools, store: use(mapStore(map)) }), { mode: 'live', decideFrom: 0 });
  expect(held).toHaveLength(30);
  expect(held.every(Boolean)).toBe(true);
});

test('hooks reshape, veto and observe; one that throws or hangs is named and the cycle goes on', async () => {
  const engine = createEngine(fakeConfig(steady, { timeLimit: '20ms' }), { mode: 'replay', host: { clock: new VirtualClock(T0) } });
  const decided: Decision[] = [];
  const failed: string[] = [];
  let hung = false;
  engine.hooks.usage.tap('double', (usage) => usage.map((each) => ({ ...each, offered: each.offered * 2 })));
  engine.hooks.decision.tapPromise('hang', () => {
    if (hung) return Promise.resolve(undefined as never);
    hung = true;
    return new Promise(() => undefined);
  });
  engine.hooks.decision.tap('add-one', (decision) => ({
    ...decision,
    units: decision.units + 1,
    trail: [...decision.trail, { by: 'hook(add-one)', units: decision.units + 1, text: 'one more' }],
  }));
  engine.hooks.veto.tapPromise('freeze', async (decision) => (decision.step === T0 + 5 * MINUTE ? 'frozen for the release' : undefined));
  engine.hooks.decided.tap('watch', (decision) => void decided.push(decision));
  engine.hooks.decided.tap('broken', () => {
    throw new Error('tap is broken');
  });
  engine.hooks.failure.tap('watch', (failure) => void failed.push(`${failure.plugin}: ${failure.message}`));
  expect(() => engine.hooks.veto.tapAsync('callback', () => undefined)).toThrow(/tap or tapPromise/);
  await engine.start();
  await engine.run();
  await engine.close();
  expect(decided).toHaveLength(30);
  expect(decided.at(-1)?.units).toBe(5);
  expect(decided.at(-1)?.demand.actual).toBe(4);
  expect(decided[4]?.trail.map((reason) => reason.text)).toContain('vetoed: frozen for the release');
  expect(failed).toEqual(['hang: hook decision(hang): no answer within 20 ms', 'broken: tap is broken']);
});

test('calendars reach the assessor; one that fails is reported', async () => {
  const planned = defineCalendar({
    id: 'planned',
    summary: 'test',
    config: z.strictObject({}),
    create: () => ({
      between: () => [
        { id: '2', name: 'b', start: T0, end: T0 + 3_600_000, impact: 0.25, groups: ['b'] },
        { id: '1', name: 'a', start: T0, end: T0 + 3_600_000, impact: 0.5 },
      ],
    }),
  });
  const down = defineCalendar({
    id: 'down',
    summary: 'test',
    config: z.strictObject({}),
    create: () => ({ between: () => Promise.reject(new Error('calendar is down')) }),
  });
  const { decisions, failures } = await run(fakeConfig(steady, { calendars: [use(planned), use(down)] }));
  expect(decisions[0]?.surges[0]).toMatchObject({ eventImpact: 0.5, score: 0.5 });
  expect(failures).toMatchObject([{ stage: 'calendar', plugin: 'down' }]);
});

test('before decideFrom steps are learnt from, not decided', async () => {
  const { decisions, profile } = await run(fakeConfig(steady), { decideFrom: T0 + 20 * MINUTE });
  expect(decisions).toHaveLength(11);
  expect(profile).toMatchObject({ steps: 30 });
});

test('idle groups are forgotten after their time, and a new one may take the place', async () => {
  const late = T0 + 3 * 86_400_000;
  const events = [
    request(T0, 'gone'),
    ...Array.from({ length: 3 * 24 }, (_, i) => request(T0 + 3_600_000 * (i + 1), 'stays')),
    request(late + 60_000, 'stays'),
  ];
  const { groups } = await run(fakeConfig(events, { step: '1h', forgetAfter: '2d' }));
  expect(groups).toEqual(['stays']);
});

test('a durable store holds the journal, the usage and every state', async () => {
  const map = new Map<string, Uint8Array>();
  const { lines } = await run(fakeConfig(steady, { store: use(mapStore(map)) }));
  const stored: string[] = [];
  for await (const line of readJournal(new MapStore(map))) stored.push(line);
  expect(stored.filter((line) => line.includes('"type":"decision"'))).toEqual(lines.filter((line) => line.includes('"type":"decision"')));
  expect([...map.keys()].filter((key) => key.startsWith('usage/'))).toHaveLength(30);
  expect(map.has('profile/a')).toBe(true);
  expect(map.has('series/pool%3Aweb')).toBe(true);
  const from: string[] = [];
  for await (const line of readJournal(new MapStore(map), T0 + 29 * MINUTE)) from.push(line);
  expect(from.length).toBeLessThan(stored.length);
});

test('lifecycle: run before start, start twice and use after close are refused', async () => {
  const engine = createEngine(fakeConfig(steady), { mode: 'replay' });
  expect(engine.state).toBe('idle');
  await expect(engine.run()).rejects.toMatchObject({ code: 'LIFECYCLE' });
  expect(engine.groups()).toEqual([]);
  expect(engine.profile('a')).toBeUndefined();
  await engine.start();
  await expect(engine.start()).rejects.toMatchObject({ code: 'LIFECYCLE' });
  await engine.close();
  await engine.close();
  await expect(engine.checkpoint()).rejects.toMatchObject({ code: 'LIFECYCLE' });
});

test('stop ends a run after the step that it is in', async () => {
  const engine = createEngine(fakeConfig(steady), {
    mode: 'replay',
    host: { clock: new VirtualClock(T0) },
    onStep: (step) => step === T0 + 9 * MINUTE && engine.stop(),
  });
  await engine.start();
  await engine.run();
  expect(engine.counts().steps).toBe(10);
  await engine.close();
});

test('a pool that no group loads is told of once, with the POPs that were seen', async () => {
  const warnings: { fields: object; message: string }[] = [];
  const logger = { debug() {}, info() {}, warn: (fields: object, message: string) => void warnings.push({ fields, message }), error() {} };
  const pools = [
    { id: 'web', unitRate: 1, target: 1, leadTime: '2m' },
    { id: 'far', pop: 'fra', unitRate: 1, target: 1, leadTime: '2m' },
  ];
  const busy = traffic(Array.from({ length: 90 }, () => 12));
  const host = { clock: new VirtualClock(T0), logger };
  await run(fakeConfig(busy, { pools }), { host });
  const told = warnings.filter(({ message }) => message.includes('has no demand'));
  expect(told.map(({ fields }) => fields)).toEqual([{ pool: 'far', pop: 'fra', groups: 1, pops: expect.any(Array) }]);
  expect(told[0]?.message).toMatch(
    /^pool far has no demand: none of 1 group\(s\) at the POPs ".*" loads it; check its pop, serves and measure$/,
  );
  warnings.length = 0;
  await run(fakeConfig(busy.slice(0, 12 * 50), { pools }), { host: { ...host, clock: new VirtualClock(T0) } });
  expect(warnings).toEqual([]);
});
