import { AuspexError, LEVELS, NOT_READY, type Observation, type Prediction, type Predictor } from '@auspex/contracts';
import { pack, pinball, SeededRandom } from '@auspex/numerics';
import { expect, it } from 'vitest';
import { context, request, START, series } from '../../../test/support/series.ts';
import { boostedTrees as built } from '../dist/index.js';
import { historySpan } from '../src/history.ts';
import { boostedTrees } from '../src/index.ts';
import { packSeries } from '../src/packed.ts';
import { trainSeries } from '../src/train.ts';

const MINUTE = 60_000;
const QUICK = { trees: 60, fewestSteps: 2_000, maxRows: 8_000 };
const create = (options: Record<string, unknown> = QUICK, plugin = boostedTrees): Predictor =>
  plugin.create(plugin.config.parse(options), context) as Predictor;
const { signal } = new AbortController();

/** Quiet traffic that is nine times as high for the first two minutes of each half-hour: what a line through lags does not say. */
function bursts(steps: number, seed: string): Observation[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: steps }, (_, i) => {
    const burst = i % 30 < 2 ? 9 : 1;
    return { step: START + i * MINUTE, value: 50 * burst * Math.exp(0.1 * random.normal()), truth: 'observed' as const };
  });
}

const seen = bursts(5_000, 'seen');
const history = [{ series: series(MINUTE), observations: seen }];
const artifact = (await create().train?.(history, signal)) as Uint8Array;

function feed(predictor: Predictor, observations: readonly Observation[]): unknown {
  let state = predictor.begin(series(MINUTE));
  for (const observation of observations) state = predictor.observe(state, observation);
  return state;
}

it('foresees bursts by the clock, before they come', () => {
  const predictor = create();
  predictor.use?.(artifact);
  // 5,000 minutes: the next burst begins 10 minutes later.
  const state = feed(predictor, seen);
  const { quantiles } = predictor.forecast(state, request(seen, MINUTE, [8, 11, 14])) as Prediction;
  const median = (row: number): number => quantiles[row * LEVELS.length + LEVELS.indexOf(0.5)] as number;
  expect(median(0)).toBeLessThan(80);
  expect(median(1)).toBeGreaterThan(3 * Math.max(median(0), median(2)));
  expect(median(2)).toBeLessThan(80);
});

it('on later data its pinball loss is less than a third of that of the last value', () => {
  const predictor = create();
  predictor.use?.(artifact);
  const later = bursts(6_500, 'seen').slice(5_000);
  let state = feed(predictor, seen);
  let [ours, naive] = [0, 0];
  later.forEach((observation, i) => {
    state = predictor.observe(state, observation);
    const due = later[i + 4];
    if (!due) return;
    const { quantiles } = predictor.forecast(state, request([observation], MINUTE, [4])) as Prediction;
    LEVELS.forEach((level, column) => {
      ours += pinball(due.value, quantiles[column] as number, level);
      naive += pinball(due.value, observation.value, level);
    });
  });
  expect(ours / naive).toBeLessThan(0.33);
});

it('has no answer before it is trained, for a series that it was not trained on, or for other steps', () => {
  const untrained = create();
  expect(untrained.forecast(feed(untrained, seen), request(seen, MINUTE, [1]))).toBe(NOT_READY);
  const trained = create();
  trained.use?.(artifact);
  let other = trained.begin(series(MINUTE, 'other'));
  for (const observation of seen) other = trained.observe(other, observation);
  expect(trained.forecast(other, request(seen, MINUTE, [1]))).toBe(NOT_READY);
});

it('trains on nothing where too little was observed, and not on what was masked', async () => {
  const masked = seen.map((observation, i) => (i % 3 === 0 ? observation : { ...observation, truth: 'masked' as const }));
  expect(await create().train?.([{ series: series(MINUTE), observations: masked }], signal)).toBeUndefined();
});

it.each([
  [MINUTE, 3_999, false],
  [MINUTE, 4_000, true],
  // Three weeks: 3,024 of ten minutes, 1,008 of half an hour; of an hour they would be fewer than 1,000.
  [10 * MINUTE, 3_023, false],
  [10 * MINUTE, 3_024, true],
  [30 * MINUTE, 1_007, false],
  [30 * MINUTE, 1_008, true],
  [60 * MINUTE, 999, false],
  [60 * MINUTE, 1_000, true],
])('of steps of %i ms, %i are enough: %s', (stepMs, steps, enough) => {
  const observations = bursts(steps, 'few').map((each, i) => ({ ...each, step: START + i * stepMs }));
  const options = boostedTrees.config.parse({ trees: 2 });
  const model = trainSeries(packSeries({ series: series(stepMs), observations }), options, new SeededRandom('few'));
  expect(model !== undefined).toBe(enough);
});

it('a state that was written and read forecasts the same to the last bit as one that went on, whenever that was', () => {
  const predictor = create();
  predictor.use?.(artifact);
  // More than a week, so that the oldest steps go; with gaps, steps that capacity hid, and rates so far apart that sums are rounded.
  const random = new SeededRandom('restart');
  const observations = bursts(16_000, 'restart').flatMap((burst, i) => {
    const each = { ...burst, value: burst.value * 10 ** (8 * random.next() - 4) };
    if (i > 12_000 && i < 12_400) return [];
    if (i % 211 === 0) return [{ ...each, truth: 'missing' as const }];
    return [i % 499 < 2 ? { ...each, truth: 'censored' as const } : each];
  });
  let [through, restarted] = [predictor.begin(series(MINUTE)), predictor.begin(series(MINUTE))];
  observations.forEach((observation, i) => {
    through = predictor.observe(through, observation);
    restarted = predictor.observe(restarted, observation);
    if (i % 500 !== 499) return;
    restarted = predictor.decode(predictor.encode(restarted), series(MINUTE));
    const asked = request([observation], MINUTE, [1, 5, 1 + random.below(24)]);
    expect(predictor.forecast(restarted, asked)).toEqual(predictor.forecast(through, asked));
    expect(predictor.encode(restarted)).toEqual(predictor.encode(through));
  });
});

it('a state is as large as what was seen', () => {
  const predictor = create();
  expect(predictor.encode(predictor.begin(series(MINUTE))).length).toBeLessThan(200);
  expect(predictor.encode(feed(predictor, seen.slice(0, 100))).length).toBeLessThan(700);
});

it('reads the state of the first version, which wrote a whole week whatever had been seen', () => {
  const predictor = create();
  predictor.use?.(artifact);
  const numbers = seen.map(({ step }) => step / MINUTE);
  const rates = new Float32Array(historySpan(MINUTE)).fill(Number.NaN);
  numbers.forEach((number, i) => {
    rates[number % rates.length] = seen[i]?.value as number;
  });
  const { id, zone } = series(MINUTE);
  const first = { version: 1, id, zone, stepMs: MINUTE, last: numbers.at(-1), bound: 0, boundStep: Number.NaN, rates };
  const asked = request(seen, MINUTE, [1, 8, 11]);
  expect(predictor.forecast(predictor.decode(pack(first)), asked)).toEqual(predictor.forecast(feed(predictor, seen), asked));
  expect(() => predictor.decode(pack({ ...first, last: Number.NaN, rates: rates.fill(Number.NaN) }))).not.toThrow();
  for (const wrong of [{ version: 3 }, { rates: rates.subarray(1) }, { last: 'soon' }, { last: 0.5 }, { bound: -1 }, { stepMs: 0 }])
    expect(() => predictor.decode(pack({ ...first, ...wrong }))).toThrow(AuspexError);
});

it('the same history gives the same bytes, in a thread of its own too', async () => {
  expect(await create().train?.(history, signal)).toEqual(artifact);
  expect(await create(QUICK, built as unknown as typeof boostedTrees).train?.(history, signal)).toEqual(artifact);
});

it('a training that is stopped gives nothing and does not throw', async () => {
  const ending = new AbortController();
  const trained = create({ ...QUICK, trees: 1_000 }, built as unknown as typeof boostedTrees).train?.(history, ending.signal);
  setTimeout(() => ending.abort(new Error('over')), 200);
  expect(await trained).toBeUndefined();
});

it.each([
  ['cut off', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 100)],
  ['one bit other', (bytes: Uint8Array) => bytes.map((byte, i) => (i === bytes.length >> 1 ? byte ^ 1 : byte))],
  ['text', () => new TextEncoder().encode('not weights')],
  ['nothing', () => new Uint8Array(0)],
])('weights that are %s are refused, and those in service stay', (_, spoil) => {
  const predictor = create();
  predictor.use?.(artifact);
  const state = feed(predictor, seen);
  const before = predictor.forecast(state, request(seen, MINUTE, [1, 5]));
  expect(() => predictor.use?.(spoil(artifact))).toThrow(AuspexError);
  expect(predictor.forecast(state, request(seen, MINUTE, [1, 5]))).toEqual(before);
});

it('of more series than it may train it takes the busiest', async () => {
  const quiet = { series: series(MINUTE, 'quiet'), observations: seen.map((each) => ({ ...each, value: each.value / 100 })) };
  const predictor = create({ ...QUICK, maxSeries: 1 });
  predictor.use?.((await predictor.train?.([quiet, ...history], signal)) as Uint8Array);
  expect(predictor.forecast(feed(predictor, seen), request(seen, MINUTE, [1]))).not.toBe(NOT_READY);
});

it('after hours without a step it still answers, from the last that is known', () => {
  const predictor = create();
  predictor.use?.(artifact);
  const gone = Array.from({ length: 180 }, (_, i) => ({ step: START + (seen.length + i) * MINUTE, value: 0, truth: 'missing' as const }));
  const state = feed(predictor, [...seen, ...gone]);
  const answer = predictor.forecast(state, request(gone, MINUTE, [4, 11])) as Prediction;
  const median = (row: number): number => answer.quantiles[row * LEVELS.length + LEVELS.indexOf(0.5)] as number;
  // 5,180 minutes: the half-hour is 10 minutes later than step 11 is asked for, and step 4 lies between.
  expect(median(0)).toBeGreaterThan(30);
  expect(median(0)).toBeLessThan(80);
});
