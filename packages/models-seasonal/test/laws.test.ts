import { LEVELS, NOT_READY, type Observation, type Prediction } from '@auspex/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ask, create, DAY, fold, HORIZON, HOUR, MINUTE, MONDAY, observations, series, WEEK } from './world.ts';

function expectLawful(answer: Prediction, rows = HORIZON.length): void {
  expect(answer.quantiles.length).toBe(rows * LEVELS.length);
  answer.quantiles.forEach((value, i) => {
    expect(Number.isFinite(value) && value >= 0).toBe(true);
    if (i % LEVELS.length > 0) expect(value).toBeGreaterThanOrEqual(answer.quantiles[i - 1] as number);
  });
}

const truths = ['observed', 'observed', 'observed', 'censored', 'masked', 'missing'] as const;
const wild = fc.array(
  fc.record({
    value: fc.oneof(fc.constant(0), fc.constant(0.001), fc.constant(1e9), fc.double({ min: 0, max: 1e9, noNaN: true })),
    truth: fc.constantFrom(...truths),
  }),
  { minLength: 1, maxLength: 120 },
);

test('whatever was seen: finite, not negative, rising, as many as asked', () => {
  const predictor = create();
  fc.assert(
    fc.property(wild, fc.constantFrom(MINUTE, 15 * MINUTE, HOUR), (steps, stepMs) => {
      let state = predictor.begin(series(stepMs));
      let ready = false;
      steps.forEach(({ value, truth }, i) => {
        state = predictor.observe(state, { step: MONDAY + i * stepMs, value, truth });
        ready ||= truth === 'observed';
      });
      const request = { origin: MONDAY + steps.length * stepMs, horizon: [1, 2, 5, 24, 40], levels: LEVELS };
      const answer = predictor.forecast(state, request);
      if (ready) expectLawful(answer as Prediction, 5);
      else expect(answer).toBe(NOT_READY);
    }),
    { seed: 1, numRuns: 150 },
  );
});

test('forecast leaves the state alone and repeats itself; a state read back forecasts and goes on the same', () => {
  const predictor = create();
  for (const stepMs of [5 * MINUTE, HOUR]) {
    const seen = observations(stepMs, (9 * DAY) / stepMs, { noise: 0.2 });
    const state = fold(predictor, predictor.begin(series(stepMs)), seen);
    const last = seen.at(-1) as Observation;
    const before = predictor.encode(state);
    const first = ask(predictor, state, last);
    expect(predictor.encode(state)).toEqual(before);
    expect(ask(predictor, state, last)).toEqual(first);
    let twin = predictor.decode(before);
    expect(ask(predictor, twin, last)).toEqual(first);
    const more = observations(stepMs, 300, { from: last.step + stepMs, noise: 0.2, seed: 3 });
    const onward = fold(predictor, state, more);
    twin = fold(create(), twin, more);
    expect(ask(predictor, twin, more.at(-1) as Observation)).toEqual(ask(predictor, onward, more.at(-1) as Observation));
    expect(predictor.encode(twin)).toEqual(predictor.encode(onward));
  }
});

test('bytes that are no state are refused', () => {
  const predictor = create();
  const bytes = predictor.encode(predictor.begin(series(HOUR)));
  expect(() => predictor.decode(new Uint8Array([1, 2, 3]))).toThrow();
  expect(() => predictor.decode(new Uint8Array(0))).toThrow();
  expect(() => predictor.decode(bytes.subarray(0, bytes.length / 2))).toThrow();
  expect(() => predictor.decode(new TextEncoder().encode('{"v":1}'))).toThrow();
});

test('nothing seen is not ready; one point and a constant answer around themselves', () => {
  const predictor = create();
  const fresh = predictor.begin(series(MINUTE));
  expect(predictor.forecast(fresh, { origin: MONDAY, horizon: [1], levels: LEVELS })).toBe(NOT_READY);
  const one: Observation = { step: MONDAY, value: 8, truth: 'observed' };
  const answer = ask(predictor, predictor.observe(fresh, one), one);
  expectLawful(answer);
  expect(answer.quantiles[3]).toBeCloseTo(8, 6);
  const widths = HORIZON.map((_, row) => (answer.quantiles[row * 8 + 6] as number) - (answer.quantiles[row * 8] as number));
  widths.slice(1).forEach((width, i) => {
    expect(width).toBeGreaterThan(widths[i] as number);
  });
  for (const value of [0, 0.001, 8, 1e9]) {
    const constant = observations(MINUTE, 3000).map((seen) => ({ ...seen, value }));
    const state = fold(predictor, predictor.begin(series(MINUTE)), constant);
    const { quantiles } = ask(predictor, state, constant.at(-1) as Observation);
    for (let i = 3; i < quantiles.length; i += 8) expect(quantiles[i]).toBeCloseTo(value, value > 1 ? -Math.log10(value / 1e3) : 4);
  }
});

test('scale does not matter', () => {
  const predictor = create();
  const seen = observations(HOUR, 400, { noise: 0.2 });
  const small = fold(predictor, predictor.begin(series(HOUR)), seen);
  const large = fold(
    predictor,
    predictor.begin(series(HOUR)),
    seen.map((one) => ({ ...one, value: one.value * 1e7 })),
  );
  const a = ask(predictor, small, seen.at(-1) as Observation).quantiles;
  const b = ask(predictor, large, seen.at(-1) as Observation).quantiles;
  a.forEach((value, i) => {
    expect((b[i] as number) / 1e7 / value).toBeCloseTo(1, 3);
  });
});

test('a shift by whole weeks changes nothing', () => {
  const predictor = create();
  for (const weeks of [1, 5, 52]) {
    const here = observations(HOUR, 500, { noise: 0.2 });
    const there = here.map((seen) => ({ ...seen, step: seen.step + weeks * WEEK }));
    const a = ask(predictor, fold(predictor, predictor.begin(series(HOUR, '+05:30')), here), here.at(-1) as Observation);
    const b = ask(predictor, fold(predictor, predictor.begin(series(HOUR, '+05:30')), there), there.at(-1) as Observation);
    a.quantiles.forEach((value, i) => {
      expect(Math.abs((b.quantiles[i] as number) / value - 1)).toBeLessThan(1e-9);
    });
  }
});

test('observations are not changed, and a step that was seen is not seen twice', () => {
  const predictor = create();
  const seen = Object.freeze({ step: MONDAY, value: 4, truth: 'observed' as const });
  const state = predictor.observe(predictor.begin(series(HOUR)), seen);
  const before = predictor.encode(state);
  expect(predictor.encode(predictor.observe(state, { ...seen, value: 900 }))).toEqual(before);
});

test('steps that were left out are like steps that are missing', () => {
  const predictor = create();
  const seen = observations(HOUR, 400, { noise: 0.2 });
  const holed = seen.filter((_, i) => i < 300 || i > 320);
  const marked = seen.map((one, i) => (i < 300 || i > 320 ? one : { ...one, value: 0, truth: 'missing' as const }));
  const a = fold(predictor, predictor.begin(series(HOUR)), holed);
  const b = fold(predictor, predictor.begin(series(HOUR)), marked);
  expect(predictor.encode(a)).toEqual(predictor.encode(b));
});
