import {
  type ForecastRequest,
  LEVELS,
  NOT_READY,
  type Observation,
  type PluginContext,
  type Prediction,
  type Predictor,
  type SeriesInfo,
} from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { expect, it } from 'vitest';

export const START = Date.UTC(2024, 0, 1);

export const context: PluginContext = {
  clock: { now: () => START, sleep: async () => {} },
  random: new SeededRandom('laws'),
  logger: { debug() {}, info() {}, warn() {}, error() {} },
  meter: { count() {}, gauge() {} },
  signal: new AbortController().signal,
};

export function series(stepMs: number, id = 'web/all/requests'): SeriesInfo {
  return { id, scope: 'group', name: 'web', pop: 'all', measure: 'requests', zone: 'Europe/Berlin', stepMs };
}

/** A day with a sine, noise that lasts, and now and then some hours at half as much again. */
export function world(steps: number, stepMs: number, scale: number, seed = 'world'): Observation[] {
  const random = new SeededRandom(seed);
  let noise = 0;
  let busy = false;
  return Array.from({ length: steps }, (_, i) => {
    const step = START + i * stepMs;
    noise = 0.8 * noise + 0.04 * random.normal();
    if (random.next() < (busy ? 0.03 : 0.01)) busy = !busy;
    const day = 1 + 0.6 * Math.sin((2 * Math.PI * step) / 86_400_000);
    return { step, value: scale * day * Math.exp(noise + (busy ? 0.4 : 0)), truth: 'observed' as const };
  });
}

export const HORIZON = [1, 2, 4, 8, 12, 24, 100];

/** What is asked after `observations`. */
export function request(observations: readonly Observation[], stepMs: number, horizon = HORIZON): ForecastRequest {
  return { origin: (observations.at(-1)?.step ?? START - stepMs) + stepMs, horizon, levels: LEVELS };
}

export function wellFormed(prediction: Prediction, rows: number): void {
  const { quantiles } = prediction;
  expect(quantiles.length).toBe(rows * LEVELS.length);
  for (let i = 0; i < quantiles.length; i++) {
    const value = quantiles[i] as number;
    if (!Number.isFinite(value) || value < 0) expect.fail(`quantile ${i} is ${value}`);
    if (i % LEVELS.length > 0 && value < (quantiles[i - 1] as number)) expect.fail(`row of ${i} falls`);
  }
}

/** The laws of a predictor, as tests. `make` gives a new instance with its weights, the same each time. */
export function predictorLaws(make: () => Predictor, stepMs: number): void {
  const feed = (predictor: Predictor, observations: readonly Observation[]): unknown => {
    let state = predictor.begin(series(stepMs));
    for (const observation of observations) state = predictor.observe(state, Object.freeze({ ...observation }));
    return state;
  };
  const base = world(900, stepMs, 100);

  it.each([
    ['a usual world', base],
    ['a huge one', world(900, stepMs, 1e9 / 3)],
    ['a tiny one', world(900, stepMs, 1e-3)],
    ['a constant', base.map((o) => ({ ...o, value: 5 }))],
    ['zeros', base.map((o) => ({ ...o, value: 0 }))],
    ['zeros, then 1e9', base.map((o, i) => ({ ...o, value: i < 890 ? 0 : 1e9 }))],
    ['1e9, then zeros', base.map((o, i) => ({ ...o, value: i < 890 ? 1e9 : 0 }))],
    ['gaps', base.map((o, i) => (i % 7 === 0 || (i > 500 && i < 560) ? { ...o, value: 0, truth: 'missing' as const } : o))],
    ['the end unseen', base.map((o, i) => (i > 800 ? { ...o, value: 0, truth: 'missing' as const } : o))],
  ])('answers well-formed rows: %s', (_, observations) => {
    const predictor = make();
    const answer = predictor.forecast(feed(predictor, observations), request(observations, stepMs));
    expect(answer).not.toBe(NOT_READY);
    wellFormed(answer as Prediction, HORIZON.length);
  });

  it.each([0, 1, 2, 30, 199, 250])('after %i observations it answers well or is not ready', (count) => {
    const predictor = make();
    const seen = base.slice(0, count);
    const answer = predictor.forecast(feed(predictor, seen), request(seen, stepMs));
    if (answer === NOT_READY) expect(count).toBeLessThan(250);
    else wellFormed(answer, HORIZON.length);
  });

  it('forecast leaves the state alone and repeats itself', () => {
    const predictor = make();
    const state = feed(predictor, base);
    const before = predictor.encode(state);
    const once = predictor.forecast(state, request(base, stepMs));
    expect(predictor.encode(state)).toEqual(before);
    expect(predictor.forecast(state, request(base, stepMs))).toEqual(once);
  });

  it('the same observations give the same answer in another instance', () => {
    const [a, b] = [make(), make()];
    expect(a.forecast(feed(a, base), request(base, stepMs))).toEqual(b.forecast(feed(b, base), request(base, stepMs)));
  });

  it.each([0, 5, 250, 600])('a decoded state goes on as the one that was encoded: after %i', (count) => {
    const predictor = make();
    let state = feed(predictor, base.slice(0, count));
    let copy = predictor.decode(predictor.encode(state));
    expect(predictor.forecast(copy, request(base.slice(0, count), stepMs))).toEqual(
      predictor.forecast(state, request(base.slice(0, count), stepMs)),
    );
    for (const observation of base.slice(count, count + 250)) {
      state = predictor.observe(state, observation);
      copy = predictor.observe(copy, observation);
    }
    const after = request(base.slice(0, count + 250), stepMs);
    expect(predictor.forecast(copy, after)).toEqual(predictor.forecast(state, after));
  });

  it.each(['censored', 'masked', 'missing'] as const)('the value of a %s step is never learnt', (truth) => {
    const hidden = (value: number) => base.map((o, i) => (i > 300 && i % 5 === 0 ? { ...o, value, truth } : o));
    const predictor = make();
    const low = predictor.forecast(feed(predictor, hidden(0)), request(base, stepMs));
    expect(predictor.forecast(feed(predictor, hidden(1e9)), request(base, stepMs))).toEqual(low);
  });

  it('leaves horizon and levels alone, and answers any levels', () => {
    const predictor = make();
    const question = { ...request(base, stepMs), horizon: Object.freeze([3, 50]), levels: Object.freeze([0.2, 0.8, 0.995]) };
    const answer = predictor.forecast(feed(predictor, base), question) as Prediction;
    expect(answer.quantiles.length).toBe(6);
    expect(answer.quantiles[0] as number).toBeLessThan(answer.quantiles[2] as number);
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['noise', Uint8Array.of(1, 2, 3, 250, 251)],
    ['null', Uint8Array.of(0xc0)],
    ['an empty map', Uint8Array.of(0x80)],
  ])('refuses to decode %s', (_, bytes) => {
    expect(() => make().decode(bytes)).toThrow();
  });

  it('refuses half a state', () => {
    const predictor = make();
    const bytes = predictor.encode(feed(predictor, base));
    expect(() => predictor.decode(bytes.slice(0, bytes.length >> 1))).toThrow();
  });

  it('the state is bounded', () => {
    const predictor = make();
    const long = predictor.encode(feed(predictor, world(6000, stepMs, 100))).length;
    expect(long).toBeLessThan(1.05 * predictor.encode(feed(predictor, world(3000, stepMs, 100))).length);
  });
}
