import { type Forecast, LEVELS } from '@auspex/contracts';
import {
  AuspexError,
  formatDuration,
  horizonGrid,
  MemoryMeter,
  PacedClock,
  parseDuration,
  readForecast,
  VirtualClock,
  WallClock,
} from '@auspex/core';
import { SeededRandom } from '@auspex/numerics';
import { expect, test, vi } from 'vitest';
import { isDead, thisProcess } from '../src/defaults/owner.ts';
import { withTimeLimit } from '../src/defaults/time-limit.ts';
import { checkQuantiles } from '../src/forecasting/check.ts';
import { beginConformal, correct, learnConformal } from '../src/forecasting/conformal.ts';
import { bandOf, beginEnsemble, combine, learnWeights, weights } from '../src/forecasting/ensemble.ts';
import { Pending } from '../src/forecasting/pending.ts';
import { persistence } from '../src/forecasting/persistence.ts';
import { Ingest } from '../src/ingest/ingest.ts';
import { Lifecycle } from '../src/lifecycle/state.ts';
import { EnrichStage } from '../src/stages/enrich.ts';
import { Failures } from '../src/stages/failures.ts';
import { Services, type Token, token } from '../src/wiring/services.ts';
import { MINUTE, request, T0 } from './fakes.ts';

test('services: made once, typed, a ring is named', () => {
  const A: Token<number> = token('a');
  const B: Token<number> = token('b');
  let made = 0;
  const services = new Services().provide(A, () => ++made).value(B, 7);
  expect([services.get(A), services.get(A), services.get(B)]).toEqual([1, 1, 7]);
  const ring = new Services().provide(A, (s) => s.get(B)).provide(B, (s) => s.get(A));
  expect(() => ring.get(A)).toThrow('auspex/a -> auspex/b -> auspex/a');
});

test('lifecycle: closed in reverse, undone on failure, every failure gathered', async () => {
  const log: string[] = [];
  const part = (name: string, fails = false) => ({
    name,
    close: () => {
      log.push(name);
      if (fails) throw new Error(`${name} hangs on`);
    },
  });
  const good = new Lifecycle();
  await good.start(async () => {
    good.opened(part('a'));
    good.opened(part('b'));
  });
  expect(good.state).toBe('running');
  await good.close();
  expect(log.splice(0)).toEqual(['b', 'a']);
  const bad = new Lifecycle();
  const start = bad.start(async () => {
    bad.opened(part('a'));
    throw new Error('no start');
  });
  await expect(start).rejects.toThrow('no start');
  expect(log.splice(0)).toEqual(['a']);
  expect(bad.state).toBe('stopped');
  const worse = new Lifecycle();
  const failing = worse.start(async () => {
    worse.opened(part('a', true));
    throw new Error('no start');
  });
  await expect(failing).rejects.toThrow(AggregateError);
  const closing = new Lifecycle();
  await closing.start(async () => {
    closing.opened(part('x', true));
    closing.opened(part('y', true));
  });
  await expect(closing.close()).rejects.toMatchObject({ errors: [{ path: 'y' }, { path: 'x' }] });
});

test('clocks', async () => {
  const virtual = new VirtualClock(5);
  virtual.advance(3);
  expect(virtual.now()).toBe(5);
  await virtual.sleep(10);
  expect(virtual.now()).toBe(15);
  const wall = new WallClock();
  const before = wall.now();
  await wall.sleep(5);
  expect(wall.now()).toBeGreaterThanOrEqual(before + 4);
  const abort = new AbortController();
  const sleeping = wall.sleep(60_000, abort.signal);
  abort.abort(new Error('enough'));
  await expect(sleeping).rejects.toThrow('enough');
  await expect(wall.sleep(1, abort.signal)).rejects.toThrow('enough');
  const odd = new AbortController();
  odd.abort('text');
  await expect(wall.sleep(1, odd.signal)).rejects.toThrow('aborted');
  const now = { at: 1_000 };
  const slept: number[] = [];
  const paced = new PacedClock(0, 60, { now: () => now.at, sleep: async (ms) => void slept.push(ms) });
  now.at += 1_000;
  expect(paced.now()).toBe(60_000);
  await paced.sleep(60_000);
  expect(slept).toEqual([1_000]);
});

test('a time limit names who was late, and none waits', async () => {
  await expect(withTimeLimit(new Promise(() => undefined), 5, 'slow')).rejects.toMatchObject({ code: 'STAGE_TIMEOUT', path: 'slow' });
  await expect(withTimeLimit(Promise.resolve(1), 1000, 'x')).resolves.toBe(1);
  await expect(withTimeLimit(Promise.resolve(2), Number.POSITIVE_INFINITY, 'x')).resolves.toBe(2);
});

test('owners: this process lives, one that never was is dead, of another host nothing is known', () => {
  expect(isDead(thisProcess())).toBe(false);
  expect(isDead(`${thisProcess().split(':')[0]}:${process.ppid}`)).toBe(false);
  expect(isDead(`${thisProcess().split(':')[0]}:999999999`)).toBe(true);
  expect(isDead('elsewhere:1')).toBe(false);
  vi.spyOn(process, 'kill').mockImplementationOnce(() => {
    throw Object.assign(new Error('no'), { code: 'EPERM' });
  });
  expect(isDead(`${thisProcess().split(':')[0]}:1`)).toBe(false);
});

test('durations', () => {
  for (const text of ['90s', '15m', '1h30m', '7d', '250ms', '1d2h3m4s5ms']) expect(parseDuration(text)).toBeGreaterThan(0);
  expect(parseDuration('1h30m')).toBe(5_400_000);
  for (const text of ['', '5', 'm', '1h 30m', '-1h', '1x']) expect(parseDuration(text)).toBeUndefined();
  expect([0, 90_000, 5_400_000, 86_400_000, 1, 0.5].map(formatDuration)).toEqual(['0s', '1m30s', '1h30m', '1d', '1ms', '0.5ms']);
});

test('the horizon grid is fine near, coarse far, and has each of the last three steps', () => {
  expect(horizonGrid(7)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(horizonGrid(17)).toEqual([1, 2, 3, 4, 6, 8, 12, 15, 16, 17]);
  expect(horizonGrid(2)).toEqual([1, 2]);
  expect(horizonGrid(0)).toEqual([1]);
  expect(horizonGrid(100).at(-1)).toBe(100);
});

test('a forecast is read between its steps', () => {
  const quantiles = new Float64Array(2 * LEVELS.length).map((_, i) => (i < LEVELS.length ? 10 : 20));
  const forecast: Forecast = { series: 's', origin: 0, stepMs: 1, horizon: [1, 3], quantiles, by: 'x' };
  expect(readForecast(forecast, 2, 0.5)).toBe(15);
  expect(() => readForecast(forecast, 2, 0.33)).toThrow(RangeError);
});

test('persistence widens with the horizon and is zero where nothing was seen', () => {
  const unknown = { spread: new Float64Array(2), seen: new Float64Array(2) };
  const quantiles = persistence(10, [1, 16], unknown, 0.1);
  expect(checkQuantiles(quantiles, 2)).toBeUndefined();
  expect(quantiles[3]).toBeCloseTo(10);
  expect((quantiles[8 + 6] as number) - (quantiles[8] as number)).toBeGreaterThan((quantiles[6] as number) - (quantiles[0] as number));
  expect([...persistence(undefined, [1], unknown, 0.1)]).toEqual(new Array(8).fill(0));
  // Once it is known how far the last value was off, that is the spread.
  const [low = 0, , , middle, , , high = 0] = persistence(10, [1], { spread: Float64Array.of(0.02), seen: Float64Array.of(1e6) }, 0.1);
  expect(middle).toBe(10);
  expect(Math.log(high / low)).toBeCloseTo((2 * 1.645 * 0.02) / Math.sqrt(2 / Math.PI), 2);
});

test('conformal correction brings a forecast that is too low and too narrow to its promised coverage', () => {
  const random = new SeededRandom(3);
  const state = beginConformal(1);
  const issued = new Float64Array(8).map((_, i) => 70 + i);
  let below = 0;
  let inside = 0;
  for (let t = 0; t < 6000; t++) {
    const y = Math.max(0, 100 + 15 * random.normal());
    const corrected = correct(state, issued, 1);
    for (let i = 1; i < 8; i++) expect(corrected[i] as number).toBeGreaterThanOrEqual(corrected[i - 1] as number);
    if (t >= 2000) {
      if (y <= (corrected[3] as number)) below++;
      if (y >= (corrected[1] as number) && y <= (corrected[5] as number)) inside++;
    }
    learnConformal(state, 0, issued, 0, y, 1);
  }
  expect(below / 4000).toBeGreaterThan(0.45);
  expect(below / 4000).toBeLessThan(0.55);
  expect(inside / 4000).toBeGreaterThan(0.75);
  expect(inside / 4000).toBeLessThan(0.85);
});

test('weights: an absent member has none, a late one starts with an even share, losses of zero say nothing', () => {
  const some = { quantiles: new Float64Array(8) };
  const state = beginEnsemble(3);
  learnWeights(state, 0, Float64Array.of(0, 0, 0));
  learnWeights(state, 0, Float64Array.of(Number.NaN, Number.NaN, Number.NaN));
  expect(state.loss.every((loss) => loss === 0)).toBe(true);
  for (let i = 0; i < 500; i++) learnWeights(state, 0, Float64Array.of(1, 2, Number.NaN));
  const two = weights(state, 0, [some, some, undefined]);
  expect(two[0]).toBeGreaterThan(0.99);
  expect(two[2]).toBe(0);
  const three = weights(state, 0, [some, some, some]);
  expect(three[2]).toBeGreaterThan(three[1] as number);
  expect(three.reduce((a, b) => a + b)).toBeCloseTo(1);
});

test('weights are of a band of horizons: one predictor may speak for the next step, another for the day', () => {
  const state = beginEnsemble(2);
  const [near, far] = [bandOf(1), bandOf(24)];
  for (let i = 0; i < 500; i++) {
    learnWeights(state, near, Float64Array.of(1, 2));
    learnWeights(state, far, Float64Array.of(2, 1));
  }
  const answers = [{ quantiles: new Float64Array(16).fill(1) }, { quantiles: new Float64Array(16).fill(3) }];
  const byBand: Float64Array[] = [];
  for (const band of [near, far]) byBand[band] = weights(state, band, answers);
  const combined = combine(answers, [near, far], byBand);
  expect(combined[0]).toBeCloseTo(1, 1);
  expect(combined[8]).toBeCloseTo(3, 1);
  // A series that begins beside it believes the same, less firmly.
  const young = weights(beginEnsemble(2, state), near, answers);
  expect(young[0]).toBeGreaterThan(0.6);
  expect(young[0]).toBeLessThan(byBand[near]?.[0] as number);
});

test('pending forecasts are found by their origin until their slot is used again', () => {
  const pending = new Pending(3, 1, 2, 1);
  pending.issue(10, [{ quantiles: Float64Array.of(1, 2) }], Float64Array.of(3, 4));
  pending.keepLast(10, 7);
  expect(pending.lastAt(10)).toBe(7);
  expect(pending.block(10)).toBeGreaterThanOrEqual(0);
  expect([...pending.values.slice(pending.block(10), pending.block(10) + 4)]).toEqual([1, 2, 3, 4]);
  pending.issue(13, [undefined], Float64Array.of(5, 6));
  pending.keepLast(13, undefined);
  expect(pending.lastAt(10)).toBeNaN();
  expect(pending.lastAt(13)).toBeNaN();
  expect(pending.block(10)).toBe(-1);
  expect(pending.values[pending.block(13)]).toBeNaN();
  expect(pending.block(-1)).toBe(-1);
});

test('meters keep counts and gauges by label', () => {
  const meter = new MemoryMeter();
  meter.count('a');
  meter.count('a', 2);
  meter.gauge('g', 5, { y: '2', x: '1' });
  expect([...meter.values]).toEqual([
    ['a', 3],
    ['g{x=1,y=2}', 5],
  ]);
});

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const failures = new Failures({}, quiet, new MemoryMeter());
const shardOptions = {
  stepMs: MINUTE,
  latenessMs: 0,
  maxGroups: 9,
  hashUser: () => 1,
  enrich: new EnrichStage([], failures),
  failures,
  limitMs: 1000,
};

test('two sources: a step closes when both have passed it; the faster one waits', async () => {
  let ahead = 0;
  const source = (step: number, count: number, log: (i: number) => void) => ({
    async *open() {
      for (let i = 0; i < count; i++) {
        log(i);
        yield { partition: 'x', events: [request(T0 + i * step)], position: String(i) };
      }
      yield { partition: 'x', events: [], position: 'end', end: true };
    },
  });
  const commits: unknown[] = [];
  const slots = [
    {
      name: 'fast',
      source: source(MINUTE, 300, (i) => {
        ahead = i;
      }),
      silence: 'zero' as const,
    },
    {
      name: 'slow',
      source: { ...source(MINUTE, 300, (i) => expect(ahead - i).toBeLessThan(70)), commit: async (at: unknown) => void commits.push(at) },
      silence: 'zero' as const,
    },
  ];
  const ingest = new Ingest(slots, shardOptions, quiet, new MemoryMeter());
  expect(ingest.take()).toBeUndefined();
  const sums: number[] = [];
  for await (const _ of ingest.read(new AbortController().signal)) {
    for (let closed = ingest.take(); closed; closed = ingest.take()) sums.push(closed.usage.reduce((sum, usage) => sum + usage.offered, 0));
  }
  expect(sums).toEqual(new Array(300).fill(2));
  await ingest.commit();
  expect(commits).toEqual([{ x: 'end' }]);
});

test('a source that fails says so; aborting ends a source that waits for ever', async () => {
  const failing = (error: unknown) => ({
    name: 's',
    silence: 'zero' as const,
    source: { open: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) }) },
  });
  const drain = async (ingest: Ingest, signal = new AbortController().signal): Promise<void> => {
    for await (const _ of ingest.read(signal));
  };
  await expect(drain(new Ingest([failing(new Error('connection reset'))], shardOptions, quiet, new MemoryMeter()))).rejects.toMatchObject({
    code: 'SOURCE_FAILED',
  });
  await expect(
    drain(new Ingest([failing(new AuspexError('SOURCE_EMPTY', 'empty'))], shardOptions, quiet, new MemoryMeter())),
  ).rejects.toMatchObject({ code: 'SOURCE_EMPTY' });
  const abort = new AbortController();
  const waiting = {
    name: 'w',
    silence: 'zero' as const,
    source: {
      open: () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise<never>((_, reject) => abort.signal.addEventListener('abort', () => reject(new Error('aborted')))),
        }),
      }),
    },
  };
  const draining = drain(new Ingest([waiting], shardOptions, quiet, new MemoryMeter()), abort.signal);
  abort.abort();
  await expect(draining).resolves.toBeUndefined();
});

test('a gap that a source reports makes its steps missing; a vouched watermark closes silent steps as zero', async () => {
  const source = {
    async *open() {
      yield { partition: 'x', events: [request(T0)], position: '1', gaps: [{ from: T0 + MINUTE, to: T0 + 2 * MINUTE }], malformed: 3 };
      yield { partition: 'x', events: [], position: '2', watermark: T0 + 4 * MINUTE };
    },
  };
  const ingest = new Ingest([{ name: 's', source, silence: 'zero' }], shardOptions, quiet, new MemoryMeter());
  const closed: boolean[] = [];
  for await (const _ of ingest.read(new AbortController().signal))
    for (let step = ingest.take(); step; step = ingest.take()) closed.push(step.missing);
  expect(closed).toEqual([false, true, false, false]);
});

test('an end that is vouched for on a step boundary closes no empty step after it', async () => {
  for (const [watermark, steps] of [
    [T0 + 2 * MINUTE, 2],
    [T0 + 2 * MINUTE + 1, 3],
    [undefined, 1],
  ] as const) {
    const source = {
      async *open() {
        yield { partition: 'x', events: [request(T0 + 5)], position: '1' };
        yield { partition: 'x', events: [], position: '2', end: true, ...(watermark === undefined ? {} : { watermark }) };
      },
    };
    const ingest = new Ingest([{ name: 's', source, silence: 'zero' }], shardOptions, quiet, new MemoryMeter());
    let closed = 0;
    for await (const _ of ingest.read(new AbortController().signal)) while (ingest.take()) closed++;
    expect(closed).toBe(steps);
  }
});

test('a log that ended years ago and is followed today does not close a step for every minute since', async () => {
  const source = {
    async *open() {
      yield { partition: 'x', events: [request(T0)], position: '1' };
      yield { partition: 'x', events: [], position: '2', watermark: T0 + 10 * 365 * 86_400_000 };
    },
  };
  const ingest = new Ingest([{ name: 's', source, silence: 'zero' }], shardOptions, quiet, new MemoryMeter());
  const steps: number[] = [];
  for await (const _ of ingest.read(new AbortController().signal))
    for (let step = ingest.take(); step; step = ingest.take()) steps.push(step.step);
  expect(steps[0]).toBe(T0);
  expect(steps.at(-1)).toBe(T0 + 10 * 365 * 86_400_000 - MINUTE);
  expect(steps.length).toBe(31 * 1440 + 1);
});
