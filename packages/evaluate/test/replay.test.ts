import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BehaviorProfile } from '@auspex/contracts';
import { type AuspexConfig, definePredictor, defineProfiler, use } from '@auspex/core';
import { SeededRandom } from '@auspex/numerics';
import { reactiveAllocator } from '@auspex/policies';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import hpaGolden from '../../policies/test/golden/hpa.json' with { type: 'json' };
import { closedLoopConfig, type PolicyRun, type PoolTrace, type ReplayInput, type ReplayReport, replay, reportJson } from '../src/index.ts';
import metricsGolden from './golden/metrics.json' with { type: 'json' };
import { MINUTE, periodic, requests, T0, type Trace, traceConfig } from './traces.ts';

const input = (trace: Trace, historySteps: number, config: Partial<AuspexConfig> = {}, over: Partial<ReplayInput> = {}): ReplayInput => ({
  config: traceConfig(trace, config),
  title: 'test',
  source: 'a trace made up',
  from: T0 + historySteps * MINUTE,
  ...over,
});
const run = (report: ReplayReport, name: string): PolicyRun => report.runs.find((each) => each.name === name) as PolicyRun;
const pool = (report: ReplayReport, name: string, id = 'web'): PoolTrace =>
  run(report, name).pools.find((each) => each.pool === id) as PoolTrace;
const steps = (count: number, of: (i: number) => number): number[] => Array.from({ length: count }, (_, i) => of(i));
const single = (counts: readonly number[], more: Partial<Trace> = {}): Trace => ({
  events: requests(counts),
  ...more,
});
/** A noisy wave around 10 a second, in requests a minute. */
function wave(count: number, seed = 1): number[] {
  const random = new SeededRandom(seed);
  return steps(count, (i) => Math.max(0, Math.round(600 * (1 + 0.6 * Math.sin(i / 40) + 0.1 * random.normal()))));
}

/** The HPA of `recommend` and a fleet with a fixed delay, written once more, in counts a minute. */
function hpaWorld(counts: readonly number[], history: number, unit: number, lead: number, target = 0.7) {
  const want = (count: number): number => Math.max(1, Math.ceil(count / (target * unit) - 1e-9));
  let current = want(counts[history - 1] as number);
  let ready = current;
  const pending: { at: number; units: number }[] = [];
  const window: number[] = [];
  return counts.slice(history).map((_, t) => {
    const past = counts[history + t - 1] as number;
    const desired = Math.abs(past / (target * unit * current) - 1) <= 0.1 ? current : want(past);
    window.push(desired);
    if (window.length > 5) window.shift();
    const order = desired < current ? Math.max(...window) : desired;
    if (order > current) pending.push({ at: t + lead, units: order - current });
    let surplus = Math.max(0, current - order);
    for (let last = pending.at(-1); surplus > 0 && last; last = pending.at(-1)) {
      const taken = Math.min(surplus, last.units);
      last.units -= taken;
      surplus -= taken;
      if (last.units === 0) pending.pop();
    }
    ready -= surplus;
    current = order;
    for (let first = pending[0]; first && first.at <= t; first = pending[0]) ready += (pending.shift() as { units: number }).units;
    return { ordered: current, supply: ready };
  });
}

describe('replay', () => {
  it('reports every policy over the same demand, as JSON that says the same', async () => {
    const counts = wave(200);
    const { report, counts: read } = await replay(input(single(counts), 80, { predictors: [use(periodic, { period: 10 })] }));
    expect(report.runs.map(({ name }) => name)).toEqual(['auspex', 'reactive', 'static-peak', 'oracle']);
    expect(report.generatedFrom).toMatchObject({
      steps: 120,
      stepMs: MINUTE,
      from: T0 + 80 * MINUTE,
      to: T0 + 200 * MINUTE,
      pools: 1,
      groups: 1,
    });
    expect(report.generatedFrom.trainUntil).toBe(T0 + 80 * MINUTE);
    expect(read).toMatchObject({ events: 200, steps: 200 });
    for (const each of report.runs) {
      const [trace] = each.pools as [PoolTrace];
      for (const name of ['steps', 'rate', 'demand', 'supply', 'ordered'] as const) {
        expect(trace[name]).toHaveLength(120);
        expect(trace[name].every(Number.isFinite)).toBe(true);
      }
      // Counts travel as rates and back: equal but for the last bit.
      trace.rate.forEach((rate, i) => {
        expect(rate).toBeCloseTo((counts[80 + i] as number) / 60, 9);
      });
      expect(Object.values(each.metrics).every(Number.isFinite)).toBe(true);
      expect(each.byPool['web']).toEqual(each.metrics);
      expect(trace.fan !== undefined).toBe(each.name === 'auspex');
      expect(trace.probability !== undefined).toBe(each.name === 'auspex');
    }
    expect(report.forecast?.steps).toBe(120);
    const back = JSON.parse(reportJson(report));
    expect(back.runs[0].pools[0].supply).toEqual([...pool(report, 'auspex').supply]);
    expect(back.runs[0].metrics).toEqual(run(report, 'auspex').metrics);
  });

  it('gives equal reports for equal inputs, chance included', async () => {
    const closedLoop = closedLoopConfig.parse({});
    const fleet = { delay: { p50: 90_000, p90: 200_000 }, failureRate: 0.1, warmUp: { ms: 60_000, share: 0.5 } };
    const once = () => replay(input(single(wave(150)), 60, {}, { closedLoop, fleet }));
    expect(await once()).toEqual(await once());
  });

  it('lets the HPA order minute for minute what an independent one orders', async () => {
    const counts = wave(400, 5);
    const { report } = await replay(input(single(counts), 50, { guards: { stabilisation: '0s' } }));
    const expected = hpaWorld(counts, 50, 60, 3);
    // The subject here is the same allocator.
    for (const name of ['reactive', 'auspex']) {
      expect([...pool(report, name).ordered]).toEqual(expected.map(({ ordered }) => ordered));
      expect([...pool(report, name).supply]).toEqual(expected.map(({ supply }) => supply));
    }
  });

  it.each(hpaGolden.cases)(
    'orders what hpa() of the reference simulator orders: target $target, window $window, floor $floor',
    async (golden) => {
      const { c, last, rate, min, max } = hpaGolden;
      const allocate = use(reactiveAllocator, { target: golden.target, stabilisation: `${golden.window}m`, min: golden.floor });
      const { report } = await replay(
        input(
          single([last, ...rate]),
          1,
          { pools: [{ id: 'web', unitRate: c / 60, leadTime: '15m', min, max }] },
          { baselines: [{ name: 'reactive', label: 'HPA', allocate }] },
        ),
      );
      expect([...pool(report, 'reactive').ordered]).toEqual(golden.orders);
    },
  );

  it.each(metricsGolden.cases.filter(({ name }) => name === 'hpa'))(
    'measures hpa() as the reference simulator does: delay $delay',
    async (golden) => {
      const last = 0.999 * 0.7 * golden.c * (golden.ordered[0] as number);
      const pools = [{ id: 'web', unitRate: golden.c / 60, leadTime: `${golden.delay}m`, min: 1, max: 60 }];
      const { report } = await replay(input(single([last, ...golden.rate]), 1, { pools }, { goal: metricsGolden.goal }));
      expect([...pool(report, 'reactive').ordered]).toEqual(golden.ordered);
      expect([...pool(report, 'reactive').supply]).toEqual(golden.supply);
      const { longest, hours, ...shares } = golden.metrics;
      const own = run(report, 'reactive').metrics;
      expect(own).toMatchObject({ longestSteps: longest });
      expect(own.unitHours).toBeCloseTo(hours, 9);
      for (const [name, value] of Object.entries(shares)) expect(own[name as 'lost']).toBeCloseTo(value, 9);
    },
  );

  it('holds the peak of the history, and what is allowed where there is no history', async () => {
    const { report } = await replay(input(single([60, 420, 60, 60, 900, 900]), 3));
    expect([...pool(report, 'static-peak').ordered]).toEqual([10, 10, 10]);
    const without = await replay(input(single(steps(5, () => 60)), 0, { pools: [{ id: 'web', unitRate: 1, max: 7 }] }));
    // Nothing is known when the first step is decided, so its order comes a step later.
    expect([...pool(without.report, 'static-peak').ordered]).toEqual([1, 7, 7, 7, 7]);
    expect(without.report.notes.join()).toContain('static peak');
    expect(report.notes.join()).not.toContain('static peak');
  });

  it('knows an oracle that is never short, at the delay of the fleet', async () => {
    const counts = wave(300, 3);
    const { report } = await replay(input(single(counts), 30));
    expect(run(report, 'oracle').metrics).toMatchObject({ overload: 0, lost: 0, tauU: 0 });
    const cost = async (delay: number | { p50: number; p90: number }) =>
      run((await replay(input(single(counts), 30, {}, { fleet: { delay }, baselines: [] }))).report, 'oracle').metrics.cost;
    expect(await cost(3 * MINUTE)).toBe(run(report, 'oracle').metrics.cost);
    expect(await cost({ p50: 5 * MINUTE, p90: 20 * MINUTE })).toBe(await cost(20 * MINUTE));
    expect(await cost(20 * MINUTE)).toBeGreaterThan(await cost(0));
  });

  it('begins every fleet with what the last step of the history needs', async () => {
    const { report } = await replay(input(single([6000, 420, 420, 420]), 2));
    for (const name of ['auspex', 'reactive', 'static-peak']) expect(pool(report, name).supply[0]).toBe(10);
    const high = await replay(input(single([420, 6000, 60, 60]), 2, { pools: [{ id: 'web', unitRate: 1, max: 20 }] }));
    expect(pool(high.report, 'reactive').supply[0]).toBe(20);
    // Rounding does not make a unit.
    const even = await replay(input(single([126, 126, 126]), 2, { pools: [{ id: 'web', unitRate: 3 }] }));
    expect(pool(even.report, 'auspex').supply[0]).toBe(1);
  });

  it('ends at `to`, and takes only whole steps of the span', async () => {
    const { report } = await replay(input(single(wave(100)), 20, {}, { to: T0 + 50 * MINUTE }));
    expect(report.generatedFrom).toMatchObject({ steps: 30, from: T0 + 20 * MINUTE, to: T0 + 50 * MINUTE });
    const half = await replay(input(single(wave(100)), 0, {}, { from: T0 + 19.5 * MINUTE, to: T0 + 50.5 * MINUTE }));
    expect(half.report.runs).toEqual(report.runs);
    expect(half.counts.steps).toBe(50);
    await expect(replay(input(single(wave(100)), 20, {}, { to: T0 + 20 * MINUTE }))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('refuses a trace that ends before the measured span, and begins with one that begins later', async () => {
    await expect(replay(input(single(wave(10)), 20))).rejects.toMatchObject({
      code: 'SOURCE_EMPTY',
      message: expect.stringContaining('2026-01-05T00:20'),
    });
    const { report } = await replay(input(single(wave(30)), -100));
    expect(report.generatedFrom).toMatchObject({ from: T0, steps: 30 });
    expect(report.notes.join()).toContain('begins at 2026-01-05T00:00:00.000Z');
    for (const each of report.runs) expect(Object.values(each.metrics).every(Number.isFinite)).toBe(true);
  });

  describe('gaps', () => {
    const counts = wave(120, 9);
    const gap = (from: number, to: number): Trace => ({
      events: requests(counts).filter(({ at }) => at < T0 + from * MINUTE || at >= T0 + to * MINUTE),
      gaps: [{ from: T0 + from * MINUTE, to: T0 + to * MINUTE }],
    });

    it('are not demand and count nowhere', async () => {
      const { report } = await replay(input(gap(60, 70), 40));
      for (const { name, metrics } of report.runs) {
        const trace = pool(report, name);
        expect([...trace.rate].map(Number.isNaN)).toEqual(steps(80, (i) => Number(i >= 20 && i < 30)).map(Boolean));
        expect([...trace.demand].map(Number.isNaN)).toEqual([...trace.rate].map(Number.isNaN));
        expect(trace.supply.every(Number.isFinite)).toBe(true);
        const known = steps(80, (i) => i).filter((i) => !Number.isNaN(trace.rate[i] as number));
        const short = known.filter((i) => (trace.supply[i] as number) < (trace.demand[i] as number)).length;
        expect(metrics.tauU).toBeCloseTo((100 * short) / 70, 9);
        expect(Number.isFinite(metrics.cost)).toBe(true);
      }
      expect(report.forecast?.steps).toBe(70);
      expect(report.notes.join()).toContain('10 of 80 steps are gaps');
    });

    it('just before the span leave the fleet what the last known step needs', async () => {
      const { report } = await replay(input(gap(35, 40), 40));
      const needed = Math.ceil((counts[34] as number) / 42);
      for (const name of ['auspex', 'reactive']) expect(pool(report, name).supply[0]).toBe(needed);
    });

    it('after the last step are no part of the trace, unless the span reaches over them', async () => {
      const trace: Trace = { events: requests(counts), silence: 'gap', end: T0 + 125 * MINUTE };
      const { report } = await replay(input(trace, 40));
      expect(report.generatedFrom).toMatchObject({ steps: 80, to: T0 + 120 * MINUTE });
      expect(report.notes.join()).not.toContain('gaps');
      const over = await replay(input(trace, 40, {}, { to: T0 + 123 * MINUTE }));
      expect(over.report.generatedFrom.steps).toBe(83);
      expect(over.report.notes.join()).toContain('3 of 83 steps are gaps');
      await expect(replay(input(trace, 121))).rejects.toMatchObject({ code: 'SOURCE_EMPTY' });
    });

    it('in the history are no peak', async () => {
      const partly: Trace = { ...gap(10, 11), events: requests(counts.map((count, i) => (i === 10 ? 60_000 : count))) };
      const { report } = await replay(input(partly, 40));
      const peak = Math.max(...counts.slice(0, 40).filter((_, i) => i !== 10));
      expect(pool(report, 'static-peak').ordered[5]).toBe(Math.ceil(peak / 42));
    });
  });

  it('records forecasts at the step they are for', async () => {
    const period = 30;
    // Longer than the recorder's first thousand steps, which has to grow.
    const counts = steps(2600, (i) => Math.round(600 + 500 * Math.sin((2 * Math.PI * i) / period)));
    const { report } = await replay(
      input(
        single(counts),
        100,
        { predictors: [use(periodic, { period })], pools: [{ id: 'web', unitRate: 1, leadTime: '7m' }] },
        { baselines: [] },
      ),
    );
    const { fan, rate } = pool(report, 'auspex');
    const error = (lag: number): number =>
      steps(2400, (i) => Math.abs((fan?.median[i + 10] as number) - (rate[i + 10 + lag] as number))).reduce((sum, each) => sum + each, 0);
    expect(rate).toHaveLength(2500);
    expect(error(0)).toBeLessThan(0.05 * Math.min(error(1), error(-1)));
  });

  it('forecasts at a lead time that is no whole number of steps for the step that the order serves', async () => {
    const counts = steps(200, (i) => Math.round(600 + 500 * Math.sin((2 * Math.PI * i) / 30)));
    const { report } = await replay(
      input(
        single(counts),
        60,
        { predictors: [use(periodic, { period: 30 })], pools: [{ id: 'web', unitRate: 1, leadTime: '90s' }] },
        { baselines: [] },
      ),
    );
    const { fan, rate } = pool(report, 'auspex');
    fan?.median.forEach((median, i) => {
      expect(Math.abs(median - (rate[i] as number))).toBeLessThan(0.2);
    });
  });

  it('closes the loop: throttles, marks what is a lower bound, and lets clients come back', async () => {
    const counts = steps(60, (i) => (i >= 40 && i < 44 ? 1800 : 420));
    const actual = async (marked: boolean) => {
      const seen: number[] = [];
      const onJournal = (line: string): void => {
        const record = JSON.parse(line);
        if (record.type === 'decision') seen.push(record.decision.demand.actual);
      };
      const closedLoop = closedLoopConfig.parse({ marked });
      const { report } = await replay(input(single(counts), 20, {}, { closedLoop, onJournal }));
      return { report, seen };
    };
    const { report, seen } = await actual(false);
    expect([...(pool(report, 'auspex').censored ?? [])].flatMap((flag, i) => (flag ? [i + 20] : [])).slice(0, 3)).toEqual([40, 41, 42]);
    expect(pool(report, 'auspex').censored?.[10]).toBe(0);
    expect(pool(report, 'static-peak').censored?.[20]).toBe(1);
    expect(pool(report, 'oracle').censored?.includes(1)).toBe(false);
    // What is reported is what users wanted, whatever the fleet's log shows.
    expect(Math.max(...pool(report, 'auspex').rate)).toBe(30);
    expect(Math.max(...seen)).toBeGreaterThan(31);
    expect(Math.max(...(await actual(true)).seen)).toBe(30);
    expect(report.notes.join()).toContain('Closed loop');
    const open = await replay(input(single(counts), 20));
    expect(open.report.notes.join()).toContain('Open loop');
    expect(pool(open.report, 'auspex').censored?.includes(1)).toBe(false);
  });

  it('marks what was throttled when the trace was written', async () => {
    const events = requests(steps(30, () => 420)).map((event, i) => (i === 15 ? { ...event, outcome: 'throttled' as const } : event));
    const { report } = await replay(input({ events }, 10));
    expect([...(pool(report, 'auspex').censored ?? [])].indexOf(1)).toBe(5);
  });

  it('takes pools by POP, group and measure, under the limits of POPs', async () => {
    const counts = wave(120);
    const events = [
      ...requests(counts, 'gold', 'atl', (count) => ({ bytes: count * 100, weight: 2 })),
      ...requests(counts, 'free', 'atl', (count) => ({ bytes: count * 10 })),
      ...requests(counts, 'gold', 'fra'),
    ];
    const pools: AuspexConfig['pools'] = [
      { id: 'all', unitRate: 5 },
      { id: 'atl', pop: 'atl', unitRate: 1, importance: 3 },
      { id: 'bytes', pop: 'atl', groups: ['gold'], measure: 'bytes', unitRate: 100 },
      { id: 'work', groups: ['g*'], measure: 'work', unitRate: 4, target: 0.5 },
      { id: 'total-0', pop: 'fra', unitRate: 1 },
    ];
    const { report } = await replay(input({ events }, 30, { pools, popLimits: { atl: 24 } }));
    const at = (id: string, name: string): number => 60 * (pool(report, name, id).rate[7] as number);
    for (const { name, pools: traces, byPool } of report.runs) {
      const count = counts[37] as number;
      expect([at('all', name), at('atl', name), at('bytes', name), at('work', name), at('total-0', name)].map(Math.round)).toEqual([
        3 * count,
        2 * count,
        100 * count,
        3 * count,
        count,
      ]);
      expect(traces.map(({ pop }) => pop)).toEqual(['*', 'atl', 'atl', '*', 'fra']);
      expect(Object.keys(byPool)).toEqual(pools.map(({ id }) => id));
      if (name === 'oracle') continue;
      const ordered = steps(
        90,
        (i) => (pool(report, name, 'atl').ordered[i] as number) + (pool(report, name, 'bytes').ordered[i] as number),
      );
      // The fleets begin with what they need; the first order puts them under the limit.
      expect(Math.max(...ordered.slice(1))).toBeLessThanOrEqual(24);
      expect(Math.max(...ordered)).toBeGreaterThan(20);
    }
    expect(run(report, 'auspex').metrics.tauU).toBeGreaterThan(0);
    expect(report.notes.join()).toContain('limits of POPs');
    expect(run(report, 'reactive').label).toBe("HPA at each pool's target");
    expect(report.frontier.map(({ label }) => label)).toContain('HPA at 90 %');
  });

  it('says of a pool that no group loads that it is one', async () => {
    const events = requests(wave(80), 'gold', 'atl');
    const pools: AuspexConfig['pools'] = [
      { id: 'all', unitRate: 5 },
      { id: 'far', pop: 'fra', unitRate: 5 },
    ];
    const { report } = await replay(input({ events }, 30, { pools }));
    expect(report.notes).toContain('No group of the trace loads far (pop fra): check its pop, serves and measure.');
  });

  it('puts the HPA at other targets on the frontier', async () => {
    const { report } = await replay(input(single(wave(200)), 50));
    expect(report.frontier.map(({ policy, label }) => `${policy}: ${label}`)).toEqual([
      'auspex: Auspex',
      'reactive: HPA at 70 %',
      'static-peak: Static peak of the history',
      'oracle: Oracle (knows the future)',
      ...[40, 50, 60, 80, 90].map((target) => `reactive: HPA at ${target} %`),
    ]);
    const cost = (label: string) => report.frontier.find((each) => each.label === label)?.cost as number;
    expect(cost('HPA at 40 %')).toBeGreaterThan(cost('HPA at 70 %'));
    expect(cost('HPA at 70 %')).toBeGreaterThan(cost('HPA at 90 %'));
  });

  it('discloses what it assumes of the fleet', async () => {
    const fleet = { delay: 120_000, failureRate: 0.07, warmUp: { ms: 90_000, share: 0.55 } };
    const notes = ['One of ours.'];
    const { report } = await replay(input(single(wave(60)), 20, {}, { fleet, notes, goal: 0.57, baselines: [] }));
    const text = report.notes.join('\n');
    expect(text).toContain('120 s after its order');
    expect(text).toContain('up to 57 % use');
    expect(text).toContain('7 % of ordered units');
    expect(text).toContain('55 % of its rate for its first 90 s');
    expect(report.notes.at(-1)).toBe('One of ours.');
    expect(report.runs.map(({ name }) => name)).toEqual(['auspex', 'oracle']);
    const random = await replay(input(single(wave(60)), 20, {}, { fleet: { delay: { p50: 60_000, p90: 90_000 } }, baselines: [] }));
    expect(random.report.notes.join()).toContain('p50 60 s, p90 90 s');
    const usual = await replay(input(single(wave(60)), 20, {}, { baselines: [] }));
    expect(usual.report.notes.join()).toContain('exactly the lead time');
  });

  it('discloses failures that fallbacks bridged', async () => {
    const broken = definePredictor({
      ...periodic,
      id: 'broken',
      create: (options: { period: number }, context) => ({
        ...periodic.create(options, context),
        forecast: () => {
          throw new Error('cannot');
        },
      }),
    });
    const { report } = await replay(input(single(wave(60)), 20, { predictors: [use(broken, { period: 5 })] }, { baselines: [] }));
    expect(report.notes.join()).toMatch(/Plugins failed \d+ times/);
    expect(run(report, 'auspex').metrics.overload).toBeGreaterThanOrEqual(0);
    const sound = await replay(input(single(wave(60)), 20, {}, { baselines: [] }));
    expect(sound.report.notes.join()).not.toContain('failed');
  });

  it('shows the profiles of the busiest groups', async () => {
    const profiler = defineProfiler({
      id: 'sum',
      summary: 'test',
      config: z.strictObject({}),
      create: () => ({
        begin: ({ id }: { id: string }) => ({ id, sum: 0 }),
        fold: (state: { id: string; sum: number }, { usage }) => ({
          ...state,
          sum: usage.reduce((sum, each) => sum + each.offered, state.sum),
        }),
        expected: () => undefined,
        sensitivity: () => 1,
        profile: ({ id, sum }: { id: string; sum: number }) => ({ group: id, perMinute: sum }) as BehaviorProfile,
        encode: () => new Uint8Array(),
        decode: () => ({ id: '', sum: 0 }),
      }),
    });
    const events = ['b', 'c', 'a'].flatMap((group) =>
      requests(
        steps(20, () => (group === 'c' ? 90 : 30)),
        group,
      ),
    );
    const groups = async (profiles?: number) => {
      const more = profiles === undefined ? {} : { profiles };
      const { report } = await replay(input({ events }, 10, { profiler: use(profiler) }, more));
      return report.profiles?.map(({ group }) => group);
    };
    expect(await groups()).toEqual(['c', 'a', 'b']);
    expect(await groups(1)).toEqual(['c']);
    expect(await groups(0)).toEqual([]);
  });

  it('tells how far it is, and lets what listens stop it', async () => {
    const seen = new Map<string, number>();
    await replay(input(single(wave(30)), 10, {}, { onProgress: (phase) => seen.set(phase, (seen.get(phase) ?? 0) + 1) }));
    expect(seen.get('auspex')).toBe(30);
    expect([...seen.keys()]).toEqual(['auspex', 'reactive', 'static-peak']);
    const onProgress = (): never => {
      throw new Error('enough');
    };
    await expect(replay(input(single(wave(30)), 10, {}, { onProgress }))).rejects.toThrow('enough');
  });

  const script = fileURLToPath(new URL('journal.mjs', import.meta.url));
  const built = existsSync(new URL('../dist/replay/replay.js', import.meta.url));

  it.skipIf(!built)('journals the same bytes in every zone of the machine and for every cut of the source', async () => {
    const digest = async (TZ: string, batch: number): Promise<{ sha256: string; lines: number; last: string }> =>
      JSON.parse((await promisify(execFile)(process.execPath, [script, String(batch)], { env: { ...process.env, TZ } })).stdout);
    const [utc, again, tokyo] = await Promise.all([digest('UTC', 64), digest('UTC', 64), digest('Asia/Tokyo', 7)]);
    expect(utc.lines).toBeGreaterThan(400);
    expect(utc.last).toContain('"type":"receipt"');
    expect(again).toEqual(utc);
    expect(tokyo).toEqual(utc);
  });
});
