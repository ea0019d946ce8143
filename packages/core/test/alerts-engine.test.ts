import { type Alert, type DetectView, defineAlertSink, defineDetector, type Observation } from '@auspex/contracts';
import {
  type AuspexConfig,
  createEngine,
  type EngineOptions,
  forget,
  type JournalRecord,
  type UsageEvent,
  use,
  VirtualClock,
} from '@auspex/core';
import { pack, unpack } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  fakeConfig,
  KeepingStore,
  listSource,
  MapStore,
  MINUTE,
  mapStore,
  RecordingActuator,
  recording,
  runToEnd,
  T0,
  traffic,
} from './fakes.ts';

interface Seen {
  readonly observation: Observation;
  readonly expected: number | undefined;
  readonly view: DetectView | undefined;
}

/** Scores what is above `limit` requests a second as never seen, and judges it hostile; keeps how many steps it saw. */
const above = (seen: Map<string, Seen[]> = new Map(), mode = 'ok') =>
  defineDetector({
    id: 'above',
    summary: 'test',
    config: z.strictObject({ limit: z.number().default(1) }),
    create: ({ limit }): import('@auspex/contracts').Detector<{ name: string; pop: string; steps: number }> => ({
      begin: ({ name, pop }) => ({ name, pop, steps: 0 }),
      detect: (state, observation, expected, view) => {
        state.steps++;
        if (mode === 'throw') throw new Error('cannot detect');
        const key = `${state.name}@${state.pop}`;
        seen.set(key, [...(seen.get(key) ?? []), { observation, expected, view }]);
        const high = observation.value > limit;
        const score = mode === 'wrong' ? 17 : high ? 0.99999 : 0;
        const hostility = high
          ? { hostility: { probability: 0.97, contributions: [{ of: 'sources', amount: 3, text: 'few' }], text: 'few sources' } }
          : {};
        return { group: state.name, pop: state.pop, step: observation.step, score, cause: `${state.steps} steps`, ...hostility };
      },
      encode: (state) => pack(state),
      decode: (bytes) => unpack(bytes),
    }),
  });

const ofPools = (detector: ReturnType<typeof above>) => ({ ...use(detector), for: 'pools' as const });

const receiver = (received: Alert[], refuse = () => false) =>
  defineAlertSink({
    id: 'receiver',
    summary: 'test',
    config: z.strictObject({}),
    create: () => ({
      send: async (alerts) => {
        if (refuse()) throw new Error('gone');
        received.push(...alerts);
      },
    }),
  });

/** An hour, with ten minutes of more than one request a second in it. */
const counts = Array.from({ length: 60 }, (_, minute) => (minute >= 30 && minute < 40 ? 120 : 30));
const events = traffic(counts);

async function run(
  config: Partial<AuspexConfig>,
  options: Partial<EngineOptions> = {},
  all: readonly UsageEvent[] = events,
): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  const engine = createEngine(fakeConfig(all, config), {
    mode: 'shadow',
    decideFrom: T0,
    host: { clock: new VirtualClock(T0) },
    onJournal: (line) => records.push(JSON.parse(line)),
    ...options,
  });
  await engine.start();
  await engine.run();
  await engine.close();
  return records;
}
const told = (alerts: readonly Alert[]): string[] =>
  alerts.map(({ labels, status, step }) => `${labels['rule']} ${status} ${(step - T0) / MINUTE}`);

describe('detectors', () => {
  it('see each closed step with what was forecast of it, and the usage behind it', async () => {
    const seen = new Map<string, Seen[]>();
    await runToEnd(fakeConfig(events, { detectors: [use(above(seen))] }));
    expect([...seen.keys()].sort()).toEqual(['a@*', 'web@*']);
    const steps = seen.get('web@*') as Seen[];
    expect(steps.map(({ observation: { value } }) => value)).toEqual(counts.map((count) => count / 60));
    expect(steps[0]?.expected).toBeUndefined();
    // The last value goes on.
    expect(steps[31]?.expected).toBeCloseTo(2, 1);
    expect(steps[31]?.view?.quantiles).toHaveLength(8);
    const usage = steps[31]?.view?.usage();
    expect(usage).toMatchObject({ offered: 120, group: 'web', step: T0 + 31 * MINUTE });
    expect(usage?.sources.counts.size).toBe(7);
    expect(usage).toBe(steps[31]?.view?.usage());
  });

  it('are of pools or of groups alone, where the config says so', async () => {
    const seen = new Map<string, Seen[]>();
    await runToEnd(fakeConfig(events, { detectors: [ofPools(above(seen))] }));
    expect([...seen.keys()]).toEqual(['web@*']);
  });

  it.each(['throw', 'wrong'])('that fail (%s) are told of, and hold nothing up', async (mode) => {
    const { of, decisions } = await runToEnd(fakeConfig(events, { detectors: [use(above(new Map(), mode))] }));
    expect(decisions).toHaveLength(60);
    expect(of('failure').map(({ failure: { stage, plugin } }) => `${stage} ${plugin}`)).toEqual(['detect above', 'detect above']);
  });

  it('say with a decision how its surge was judged', async () => {
    const { decisions, of } = await runToEnd(fakeConfig(events, { detectors: [use(above())] }));
    expect(decisions.map(({ hostility }) => hostility?.probability)).toEqual(counts.map((count) => (count > 60 ? 0.97 : undefined)));
    expect(of('anomaly').filter(({ series }) => series === 'pool:web')).toHaveLength(10);
  });

  it('go on where they were, after a restart', async () => {
    const map = new Map<string, Uint8Array>();
    const config = { detectors: [use(above())], store: use(mapStore(map)), snapshotEvery: '7m' as const };
    await run({ ...config, sources: [use(listSource(events.slice(0, 1_000), 10, { end: false }))] });
    const seen = new Map<string, Seen[]>();
    const clock = new VirtualClock(T0 + 31 * MINUTE);
    const records = await run({ ...config, detectors: [use(above(seen))] }, { host: { clock } });
    const last = records.flatMap((record) => (record.type === 'anomaly' && record.series === 'pool:web' ? [record.anomaly.cause] : []));
    expect(last.at(-1)).toBe('40 steps');
  });
});

describe('alerts', () => {
  it('of an anomaly and an attack are told once, and when they are over', async () => {
    const received: Alert[] = [];
    const records = await run({ detectors: [ofPools(above())], alerts: { sinks: [use(receiver(received))] } });
    expect(told(received)).toEqual(['anomaly firing 31', 'hostile firing 33', 'anomaly resolved 45', 'hostile resolved 45']);
    expect(received[0]).toMatchObject({
      severity: 'warning',
      summary: 'web: 31 steps (1 step in 100,000)',
      labels: { pool: 'web', plugin: 'above' },
    });
    expect(received[1]).toMatchObject({
      summary: 'web: the surge looks like an attack, 97 %: few sources',
      details: ['+3.00 sources: few'],
    });
    expect(records.flatMap((record) => (record.type === 'alert' ? [record.alert] : []))).toEqual(received);
  });

  it('reach a sink from its severity on', async () => {
    const [all, pages]: [Alert[], Alert[]] = [[], []];
    const sinks = [
      { ...use(receiver(all)), atLeast: 'info' as const },
      { ...use(receiver(pages)), name: 'pager', atLeast: 'page' as const },
    ];
    await run({ detectors: [ofPools(above())], alerts: { sinks, rules: { hostile: { severity: 'page' } } } });
    expect(told(all)).toHaveLength(4);
    expect(told(pages)).toEqual(['hostile firing 33', 'hostile resolved 45']);
  });

  it('of days that a shadow decides afterwards are journaled, and only what lasts is told', async () => {
    const received: Alert[] = [];
    const config = { detectors: [ofPools(above())], alerts: { sinks: [use(receiver(received))] } };
    // Begun in minute 38, of an incident between the minutes 30 and 40 and of one before it.
    const twice = traffic(
      Array.from({ length: 60 }, (_, minute) => ((minute >= 5 && minute < 10) || (minute >= 30 && minute < 40) ? 120 : 30)),
    );
    const records = await run(config, { host: { clock: new VirtualClock(T0 + 38 * MINUTE) } }, twice);
    const journaled = records.flatMap((record) => (record.type === 'alert' ? [record.alert] : []));
    expect(told(journaled).filter((text) => text.startsWith('anomaly'))).toEqual([
      'anomaly firing 6',
      'anomaly resolved 15',
      'anomaly firing 31',
      'anomaly firing 37',
      'anomaly resolved 45',
    ]);
    expect(told(received)).toEqual(['anomaly firing 37', 'hostile firing 37', 'anomaly resolved 45', 'hostile resolved 45']);
    expect(new Set(received.map(({ key }) => key)).size).toBe(4);
  });

  it('of a replay are journaled, and nobody is told', async () => {
    const received: Alert[] = [];
    const config = fakeConfig(events, { detectors: [use(above())], alerts: { sinks: [use(receiver(received))] } });
    const { of } = await runToEnd(config);
    expect(of('alert').length).toBeGreaterThan(0);
    expect(received).toEqual([]);
  });

  it('of a plugin that fails for many are one', async () => {
    const received: Alert[] = [];
    const all = ['a', 'b', 'c'].flatMap((group) => traffic(counts, group)).sort((one, other) => one.at - other.at);
    await run({ detectors: [use(above(new Map(), 'throw'))], alerts: { sinks: [use(receiver(received))] } }, {}, all);
    expect(told(received)).toEqual(['failing firing 11']);
    expect(received[0]).toMatchObject({
      summary: 'detect(above) fails for a@*/requests and 3 more: cannot detect',
      labels: { plugin: 'above' },
    });
  });

  it('page where a live pool cannot be ordered, or its target refuses, and not in shadow', async () => {
    const pools = (actuator: RecordingActuator) => [
      { id: 'web', unitRate: 1, target: 1, leadTime: '2m' as const, actuator: use(recording(actuator)) },
    ];
    const broken = new RecordingActuator();
    broken.fail = 'actuate';
    const live: Alert[] = [];
    const host = () => ({ clock: new VirtualClock(T0) });
    await run({ pools: pools(broken), alerts: { sinks: [use(receiver(live))] } }, { mode: 'live', host: host() });
    expect(new Set(live.filter(({ severity }) => severity === 'page').map(({ labels }) => labels['rule']))).toEqual(
      new Set(['safety-lost']),
    );
    expect(live.find(({ labels }) => labels['rule'] === 'safety-lost')?.summary).toBe('web: actuate(recording) fails: API says 500');
    const shadow: Alert[] = [];
    await run({ pools: pools(broken), alerts: { sinks: [use(receiver(shadow))] } }, { host: host() });
    expect(shadow.filter(({ severity }) => severity === 'page')).toEqual([]);
  });

  it('page of a refusal, and not where somebody else has set the target, unless that is too little', async () => {
    const refusing = async (ready: number, left: boolean) => {
      const received: Alert[] = [];
      const actuator = new RecordingActuator();
      actuator.actuate = async ({ key, pool }) => ({
        ...{ key, pool, status: 'refused', units: ready, ready, detail: 'somebody else set it' },
        ...(left && { leftUntil: T0 + 90 * MINUTE }),
      });
      const pools = [{ id: 'web', unitRate: 1, target: 0.1, leadTime: '2m' as const, actuator: use(recording(actuator)) }];
      const all = traffic(Array.from({ length: 40 }, () => 30));
      await run({ pools, alerts: { sinks: [use(receiver(received))] } }, { mode: 'live', host: { clock: new VirtualClock(T0) } }, all);
      return received
        .filter(({ labels }) => labels['pool'])
        .map(({ severity, labels, summary }) => `${severity} ${labels['rule']} ${summary}`);
    };
    expect(await refusing(9, false)).toEqual([
      expect.stringMatching(/^page floor-refused web: its target refuses the floor of \d+ units: somebody/),
    ]);
    expect(await refusing(9, true)).toEqual(['warning left-alone web: somebody else set it']);
    expect((await refusing(3, true)).sort()).toEqual([
      expect.stringMatching(
        /^page no-capacity web: [45] units are needed now, and 3 are ready of 3 that its target was given: somebody else set it$/,
      ),
      'warning left-alone web: somebody else set it',
    ]);
  });

  it('tell of an outage that a source calls zero demand, the second one too, and through a restart', async () => {
    const map = new Map<string, Uint8Array>();
    // Twenty minutes without anybody, which forecasts know since; and again.
    const minutes = Array.from({ length: 190 }, (_, minute) => ((minute >= 60 && minute < 80) || (minute >= 150 && minute < 180) ? 0 : 60));
    // Who signs in asks for nothing; it lets time go on.
    const signIn: UsageEvent = { ...(traffic([1])[0] as UsageEvent), kind: 'sign-in', at: T0 + 170 * MINUTE };
    const all = [...traffic(minutes), signIn].sort((a, b) => a.at - b.at);
    const config = { store: use(mapStore(map)), snapshotEvery: '7m' as const };
    const afterwards = () => ({ host: { clock: new VirtualClock(T0 + 200 * MINUTE) } });
    const journaled = (records: readonly JournalRecord[]) => records.flatMap((record) => (record.type === 'alert' ? [record.alert] : []));
    const until = all.filter(({ at }) => at <= signIn.at).length;
    const first = journaled(
      await run({ ...config, sources: [use(listSource(all.slice(0, until), 10, { end: false }))] }, afterwards(), all),
    );
    expect(told(first)).toEqual(['no-demand firing 67', 'no-demand resolved 85', 'no-demand firing 157']);
    expect(first[0]?.summary).toBe('web: no demand for 7m, where 1.00/s were expected when it stopped');
    expect(told(journaled(await run(config, afterwards(), all)))).toEqual(['no-demand resolved 185']);
  });

  it('page where a live pool needs more than its maximum', async () => {
    const received: Alert[] = [];
    const pools = [
      { id: 'web', unitRate: 1, target: 0.1, max: 8, leadTime: '2m' as const, actuator: use(recording(new RecordingActuator())) },
    ];
    await run({ pools, alerts: { sinks: [use(receiver(received))] } }, { mode: 'live', host: { clock: new VirtualClock(T0) } });
    expect(told(received)).toContain('no-capacity firing 36');
    expect(received[0]?.summary).toBe('web: 19 units are needed at the lead time, and it may have 8 (by guard(bounds))');
  });

  it('page where what is needed is not there, and not for head-room or one unit in a hundred', async () => {
    const paged = async (actuator: RecordingActuator, pool: object, per = 30) => {
      const received: Alert[] = [];
      const pools = [{ id: 'web', unitRate: 1, target: 0.1, leadTime: '2m' as const, actuator: use(recording(actuator)), ...pool }];
      const all = traffic(Array.from({ length: 40 }, () => per));
      await run({ pools, alerts: { sinks: [use(receiver(received))] } }, { mode: 'live', host: { clock: new VirtualClock(T0) } }, all);
      return received.filter(({ severity }) => severity === 'page').map(({ summary, step }) => `${(step - T0) / MINUTE} ${summary}`);
    };
    /** Serves no more than `most` of what it was given, and grants no more than `granted`. */
    const short = (most: number, granted = 1_000): RecordingActuator => {
      const actuator = new RecordingActuator();
      actuator.actuate = async (order) => {
        actuator.units = Math.min(order.units, granted);
        actuator.ready = Math.min(actuator.units, most);
        return { key: order.key, pool: order.pool, status: 'applied', units: actuator.units, ready: actuator.ready };
      };
      return actuator;
    };
    expect(await paged(short(3), {})).toEqual([
      expect.stringMatching(/^\d+ web: [45] units are needed now, and 3 are ready of [45] that its target was given$/),
    ]);
    expect(await paged(short(9, 3), {})).toEqual([expect.stringContaining('3 are ready of 3 that its target was given')]);
    expect(await paged(short(1_000), {})).toEqual([]);
    // 200 are needed, one is being replaced.
    expect(await paged(short(199), {}, 1_200)).toEqual([]);
    // At its maximum, which is what is expected.
    expect(await paged(short(1_000), { max: 5 })).toEqual([]);
  });

  it('page where a live pool cannot be read', async () => {
    const received: Alert[] = [];
    const actuator = new RecordingActuator();
    actuator.fail = 'read';
    const pools = [{ id: 'web', unitRate: 1, target: 1, leadTime: '2m' as const, actuator: use(recording(actuator)) }];
    await run({ pools, alerts: { sinks: [use(receiver(received))] } }, { mode: 'live', host: { clock: new VirtualClock(T0) } });
    expect(received.filter(({ severity }) => severity === 'page').map(({ summary }) => summary)).toEqual([
      'web: actuate(recording) fails: API says 503',
    ]);
  });

  it('say no longer what a pool was refused that has lost its actuator', async () => {
    const map = new Map<string, Uint8Array>();
    const received: Alert[] = [];
    const refusing = new RecordingActuator();
    refusing.actuate = async ({ key, pool }) => ({ key, pool, status: 'refused', units: 0, ready: 0, detail: 'no right' });
    const pool = { id: 'web', unitRate: 1, target: 1, leadTime: '2m' as const };
    const config = (more: object) => ({
      pools: [{ ...pool, ...more }],
      store: use(mapStore(map)),
      alerts: { sinks: [use(receiver(received))], repeat: '5m' as const },
    });
    const live = { mode: 'live' as const, host: { clock: new VirtualClock(T0) } };
    await run(
      { ...config({ actuator: use(recording(refusing)) }), sources: [use(listSource(events.slice(0, 600), 10, { end: false }))] },
      live,
    );
    expect(received.map(({ summary }) => summary)).toContain('web: its target refuses the floor of 1 units: no right');
    received.length = 0;
    await run(config({}), { mode: 'live', host: { clock: new VirtualClock(T0 + 21 * MINUTE) } });
    expect(received.filter(({ labels }) => labels['rule'] === 'floor-refused').map(({ status }) => status)).toEqual(['resolved']);
  });

  it('are sent only once they are in the store, also where it refused a batch', async () => {
    const map = new Map<string, Uint8Array>();
    const store = new MapStore(map);
    const early: string[] = [];
    const keys: string[] = [];
    const sink = defineAlertSink({
      id: 'receiver',
      summary: 'test',
      config: z.strictObject({}),
      create: () => ({
        send: async (alerts) => {
          const kept = [...map]
            .filter(([key]) => key.startsWith('outbox/'))
            .map(([, bytes]) => JSON.parse(Buffer.from(bytes).toString()).key);
          for (const { key } of alerts) (kept.includes(key) ? keys : early).push(key);
        },
      }),
    });
    const config = {
      detectors: [ofPools(above())],
      store: use({ ...mapStore(map), create: () => store }),
      alerts: { sinks: [use(sink)] },
      sources: [use(listSource(events, 10, { onBatch: () => new Promise((resolve) => setImmediate(resolve)) }))],
    };
    await run(config, { host: { clock: new VirtualClock(T0) } });
    expect([keys.length, early]).toEqual([4, []]);
  });

  it('of a sink that goes reach no other, and those of the one that stays reach it', async () => {
    const map = new Map<string, Uint8Array>();
    const config = { detectors: [ofPools(above())], store: use(mapStore(map)) };
    const gone = () => true;
    const named = (name: string, into: Alert[], refuse?: () => boolean) => ({ ...use(receiver(into, refuse)), name });
    await run({ ...config, alerts: { sinks: [{ ...named('one', [], gone), atLeast: 'page' }, named('two', [], gone)] } });
    const received: Alert[] = [];
    await run({ ...config, sources: [use(listSource([]))], alerts: { sinks: [named('two', received)] } });
    expect(received).toHaveLength(4);
    expect(() => createEngine(fakeConfig([], { alerts: { sinks: [use(receiver([])), use(receiver([]))] } }), { mode: 'replay' })).toThrow(
      'a sink called "receiver" stands above already',
    );
  });

  it('of a replay leave nothing behind that a live engine would send', async () => {
    const map = new Map<string, Uint8Array>();
    await runToEnd(
      fakeConfig(events, { detectors: [ofPools(above())], store: use(mapStore(map)), alerts: { sinks: [use(receiver([]))] } }),
    );
    expect([...map.keys()].filter((key) => key.startsWith('outbox/'))).toEqual([]);
  });

  it('stop at no detector that says nonsense of a surge', async () => {
    const sloppy = defineDetector({
      ...above(),
      create: () => ({
        begin: ({ name, pop }) => ({ name, pop }),
        detect: (state: { name: string; pop: string }, { step }) => {
          const hostility = { probability: 0.9, contributions: [{ of: 'x' }], text: 'x' } as never;
          return { group: state.name, pop: state.pop, step, score: 1, cause: 'x', hostility };
        },
        encode: () => new Uint8Array(),
        decode: () => ({ name: '', pop: '' }),
      }),
    });
    const { decisions, of } = await runToEnd(fakeConfig(events, { detectors: [use(sloppy)] }));
    expect(decisions).toHaveLength(60);
    expect(of('failure')[0]?.failure.message).toBe('answered with a contribution of undefined');
  });

  it('wait in the store while their sink is gone, and hold no step up', async () => {
    const map = new Map<string, Uint8Array>();
    const received: Alert[] = [];
    const config = { detectors: [ofPools(above())], store: use(mapStore(map)) };
    const records = await run({ ...config, alerts: { sinks: [use(receiver(received, () => true))] } });
    expect(records.filter(({ type }) => type === 'decision')).toHaveLength(60);
    expect(received).toEqual([]);
    expect([...map.keys()].filter((key) => key.startsWith('outbox/'))).toHaveLength(4);
    // A start without news, and the sink is back.
    await run({ ...config, sources: [use(listSource([]))], alerts: { sinks: [use(receiver(received))] } });
    expect(told(received)).toEqual(['anomaly firing 31', 'hostile firing 33', 'anomaly resolved 45', 'hostile resolved 45']);
    expect([...map.keys()].filter((key) => key.startsWith('outbox/'))).toEqual([]);
  });

  it('arrive whatever batch a kill falls before, and each key once for who tells them apart', async () => {
    const received: Alert[] = [];
    const config = (into: Alert[], store: MapStore) => ({
      detectors: [ofPools(above())],
      alerts: { sinks: [use(receiver(into))], repeat: '5m' as const },
      sources: [use(listSource(events, 30))],
      snapshotEvery: '7m' as const,
      store: use({ ...mapStore(new Map()), create: () => store }),
    });
    const clock = new VirtualClock(T0);
    const store = new KeepingStore(new Map(), () => ({ had: [...received], now: clock.now() }));
    await run(config(received, store), { host: { clock } });
    const keys = (alerts: readonly Alert[]) => [...new Set(alerts.map(({ key }) => key))].sort();
    const whole = keys(received);
    expect(whole).toHaveLength(4);
    expect(store.kept.length).toBeGreaterThan(60);
    for (const { map, beside } of store.kept.filter((_, i) => i % 3 === 0)) {
      const again: Alert[] = [...beside.had];
      await run(config(again, new MapStore(map)), { host: { clock: new VirtualClock(beside.now) } });
      expect(keys(again)).toEqual(whole);
    }
  });

  it('of a sink that the config has no longer go with it', async () => {
    const map = new Map<string, Uint8Array>();
    const config = { detectors: [use(above())], store: use(mapStore(map)) };
    await run({ ...config, alerts: { sinks: [use(receiver([], () => true))] } });
    expect([...map.keys()].some((key) => key.startsWith('outbox/'))).toBe(true);
    await run({ ...config, sources: [use(listSource([]))] });
    expect([...map.keys()].filter((key) => key.startsWith('outbox/'))).toEqual([]);
  });

  it('and states of detectors go with a group that is forgotten', async () => {
    const map = new Map<string, Uint8Array>();
    const config = { detectors: [use(above())], store: use(mapStore(map)), alerts: { sinks: [use(receiver([], () => true))] } };
    await run(config, {}, traffic(counts, 'shop-anna'));
    const holds = () =>
      [...map].filter(([key, value]) => key.includes('shop-anna') || Buffer.from(value).includes('shop-anna')).map(([key]) => key);
    expect(holds()).not.toEqual([]);
    const report = await forget(fakeConfig([], config), { group: 'shop-anna' });
    expect(report.erased.alerts).toBeGreaterThan(0);
    expect(holds()).toEqual([]);
  });

  it('are named in the config by rules that are known', () => {
    const make = (alerts: AuspexConfig['alerts']) => () => createEngine(fakeConfig(events, { alerts } as AuspexConfig), { mode: 'replay' });
    expect(make({ rules: { 'my-rule': { severity: 'page' } } })).toThrow('alerts.rules.my-rule.when');
    expect(make({ rules: { anomaly: { above: 2 } } })).toThrow('alerts.rules.anomaly.above');
    expect(make({ sinks: [{ use: 'nobody' }] })).toThrow('no alertSink is called "nobody"');
    expect(make({ sinks: [{ ...use(receiver([])), atLeast: 'loud' }] } as never)).toThrow('alerts.sinks');
  });
});

describe('a surge that looks like an attack', () => {
  /** Four days of a peak each, and on the fifth an attack of half an hour. */
  const DAY = 24 * 60;
  const minutes = Array.from({ length: 4 * DAY + 120 }, (_, i) => (i >= 4 * DAY + 30 && i < 4 * DAY + 60 ? 300 : i % DAY === 600 ? 40 : 6));
  const all = minutes.map(
    (count, i): UsageEvent => ({ at: T0 + i * MINUTE, kind: 'request', group: 'a', pop: 'p', outcome: 'served', count }),
  );
  const decide = async (capHostile?: number) => {
    const pools = [{ id: 'web', unitRate: 0.1, target: 1, leadTime: '2m' as const, ...(capHostile && { capHostile }) }];
    const { decisions } = await runToEnd(fakeConfig(all, { pools, detectors: [ofPools(above())], guards: { stabilisation: '0s' } }));
    return new Map(decisions.map((decision) => [(decision.step - T0) / MINUTE - 4 * DAY, decision]));
  };

  it('buys nothing beyond the usual peak for a quarter of an hour, where the config asks for that', async () => {
    const [free, capped] = [await decide(), await decide(0.9)];
    // 40 a minute are 7 units.
    expect(free.get(32)?.units).toBeGreaterThan(45);
    expect(capped.get(32)?.units).toBe(7);
    expect(capped.get(32)?.trail.map(({ by }) => by)).toContain('guard(hostile)');
    expect(capped.get(45)?.units).toBe(7);
    expect(capped.get(47)?.units).toBeGreaterThan(45);
    expect((await decide(0.98)).get(32)?.units).toBeGreaterThan(45);
  });
});
