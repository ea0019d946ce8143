import { LEVELS } from '@auspex/contracts';
import { pathMaxima, quantileSorted, SeededRandom } from '@auspex/numerics';
import { expect, test } from 'vitest';
import { beginDependence, KEPT_VECTORS, learnDependence, wholeVectors } from '../src/forecasting/dependence.ts';
import { samplePaths } from '../src/forecasting/paths.ts';
import { correlation, forecastOf, infoOf, MINUTE, SCORES, START, saying, stageOf } from './forecasting.ts';

const HORIZON = [1, 2, 3, 4, 6, 8];

test("a row's draws have the forecast's quantiles, whatever the order", () => {
  const forecast = forecastOf(HORIZON);
  const { rates, count } = samplePaths(forecast, undefined, new SeededRandom(1), 1_000);
  expect(count).toBe(1_000);
  for (let row = 0; row < HORIZON.length; row++) {
    const draws = Float64Array.from({ length: count }, (_, path) => rates[path * HORIZON.length + row] as number).sort();
    for (const [column, level] of LEVELS.entries()) {
      const wanted = forecast.quantiles[row * LEVELS.length + column] as number;
      expect(Math.abs(quantileSorted(draws, level) / wanted - 1)).toBeLessThan(0.02);
    }
    expect(draws[0]).toBeGreaterThanOrEqual(0);
    expect(draws.every(Number.isFinite)).toBe(true);
  }
});

test('before anything is known, steps belong together as those of a random walk', () => {
  const { rates } = samplePaths(forecastOf(HORIZON), undefined, new SeededRandom(2), 4_000);
  expect(correlation(rates, 6, 0, 1)).toBeCloseTo(Math.sqrt(1 / 2), 1);
  expect(correlation(rates, 6, 4, 5)).toBeCloseTo(Math.sqrt(6 / 8), 1);
  expect(correlation(rates, 6, 0, 5)).toBeCloseTo(Math.sqrt(1 / 8), 1);
});

test('steps belong together as the outcomes of the past did', () => {
  const forecast = forecastOf(HORIZON);
  // Of one origin, the first three steps err together and the last three the other way; of the next, all anew.
  const dependence = beginDependence(HORIZON.length);
  const random = new SeededRandom(3);
  for (let origin = 0; origin < 1_000; origin++) {
    const z = random.normal();
    for (let row = 0; row < HORIZON.length; row++) {
      const y = 100 * Math.exp(0.3 * (row < 3 ? z : -z));
      learnDependence(dependence, HORIZON, origin, row, forecast.quantiles, row * LEVELS.length, y);
    }
  }
  const { rates } = samplePaths(forecast, dependence, new SeededRandom(4), 1_000);
  expect(correlation(rates, 6, 0, 2)).toBeGreaterThan(0.8);
  expect(correlation(rates, 6, 0, 3)).toBeLessThan(-0.7);
});

test('only vectors whose every outcome is known are borrowed, the last so many', () => {
  const forecast = forecastOf(HORIZON);
  const dependence = beginDependence(HORIZON.length);
  const learn = (origin: number, rows: number): void => {
    for (let row = 0; row < rows; row++)
      learnDependence(dependence, HORIZON, origin, row, forecast.quantiles, row * LEVELS.length, 100 + origin / 1e4);
  };
  learn(0, 6);
  learn(2, 5);
  expect(wholeVectors(dependence, 6)).toHaveLength(6);
  for (let origin = 4; origin < 2_000; origin++) learn(origin, 6);
  const known = wholeVectors(dependence, 6).length / 6;
  expect(known).toBeGreaterThanOrEqual(KEPT_VECTORS);
  expect(known).toBeLessThanOrEqual(KEPT_VECTORS + 5);
  // An outcome whose origin has lost its place comes too late, and disturbs nothing.
  const before = wholeVectors(dependence, 6);
  learn(2, 6);
  expect(wholeVectors(dependence, 6)).toEqual(before);
});

test('a slot that is used again keeps nothing of the origin before: half a vector is none', () => {
  const forecast = forecastOf(HORIZON);
  const dependence = beginDependence(HORIZON.length);
  const slots = dependence.origins.length;
  const learn = (origin: number, rows: number): void => {
    for (let row = 0; row < rows; row++) learnDependence(dependence, HORIZON, origin, row, forecast.quantiles, row * LEVELS.length, 90);
  };
  learn(0, 6);
  // The same slot, a quarter of the horizon of eight a slot.
  learn(2 * slots, 3);
  expect(wholeVectors(dependence, 6)).toHaveLength(0);
});

test('a predictor that is always far too high does not hide how steps belong together', async () => {
  const stage = stageOf(
    saying(
      () => 300,
      (ahead) => 0.1 * Math.sqrt(ahead),
    ),
  );
  const series = stage.begin(infoOf(), HORIZON);
  const random = new SeededRandom(8);
  let level = 0;
  let [forecast] = await stage.forecast([series], START);
  for (let t = 0; t < 3_000; t++) {
    level = 0.98 * level + 0.05 * random.normal();
    stage.observe(series, { step: START + t * MINUTE, value: 100 * Math.exp(level), truth: 'observed' });
    [forecast] = await stage.forecast([series], START + (t + 1) * MINUTE);
  }
  if (!forecast) throw new Error('no forecast');
  expect(correlation(stage.paths(series, forecast).rates, 6, 1, 2)).toBeGreaterThan(0.75);
});

test('outcomes far outside the quantiles, and a forecast without spread, have places too', () => {
  const [dependence, flat] = [beginDependence(1), forecastOf([1], 100, 0)];
  for (const [origin, y] of [1e12, 0, 100, 99.999, 100.001].entries()) {
    learnDependence(dependence, [1], origin, 0, flat.quantiles, 0, y);
  }
  const places = wholeVectors(dependence, 1);
  expect(places).toHaveLength(5);
  // Normal scores.
  expect(places.every((place) => Math.abs(place) <= 8)).toBe(true);
  expect(places[0]).toBeGreaterThan(2.3);
  expect(places[1]).toBeLessThan(-1.6);
});

test('one question has one answer, and a restart does not change it', async () => {
  const stage = stageOf(
    saying(
      () => 100,
      (ahead) => 0.1 * Math.sqrt(ahead),
    ),
  );
  const series = stage.begin(infoOf(), HORIZON);
  const random = new SeededRandom(5);
  let level = 0;
  for (let t = 0; t < 300; t++) {
    await stage.forecast([series], START + t * MINUTE);
    level = 0.9 * level + 0.1 * random.normal();
    stage.observe(series, { step: START + t * MINUTE, value: 100 * Math.exp(level), truth: 'observed' });
  }
  const at = START + 300 * MINUTE;
  const [forecast] = await stage.forecast([series], at);
  if (!forecast) throw new Error('no forecast');
  const paths = stage.paths(series, forecast);
  expect(paths.count).toBeGreaterThanOrEqual(200);
  expect(stage.paths(series, forecast)).toEqual(paths);
  expect(stage.paths(series, { ...forecast, origin: at + MINUTE }).rates).not.toEqual(paths.rates);
  const read = stage.decode(infoOf(), HORIZON, stage.encode(series));
  expect(stage.paths(read, forecast)).toEqual(paths);
});

test('what a window needs at most stays below the quantiles of the paths as often as they say; the steps’ own quantiles promise too much', async () => {
  // A random walk that is drawn back: forecast exactly, as its own law says, so that only the dependence is in question.
  const kept = 0.9;
  let level = 0;
  const stage = stageOf(
    saying(
      (_, ahead) => 100 * Math.exp(level * kept ** ahead),
      (ahead) => 0.1 * Math.sqrt((1 - kept ** (2 * ahead)) / (1 - kept * kept)),
    ),
  );
  const horizon = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  const series = stage.begin(infoOf(), horizon);
  const random = new SeededRandom(6);
  const open: { at: number; maxima: Float64Array; steps: number; most: number }[] = [];
  const below = { p50: 0, p90: 0, steps: 0, windows: 0 };
  for (let t = 0; t < 6_000; t++) {
    const [forecast] = await stage.forecast([series], START + t * MINUTE);
    if (!forecast) throw new Error('no forecast');
    if (t >= 1_000 && t % 12 === 0) {
      const { rates } = stage.paths(series, forecast);
      const column = SCORES.length - 3;
      const steps = Math.max(...horizon.map((_, row) => forecast.quantiles[row * SCORES.length + column] as number));
      open.push({ at: t, maxima: pathMaxima(rates, horizon, 1, 12), steps, most: 0 });
    }
    level = kept * level + 0.1 * random.normal();
    const value = 100 * Math.exp(level);
    stage.observe(series, { step: START + t * MINUTE, value, truth: 'observed' });
    const last = open.at(-1);
    if (last) last.most = Math.max(last.most, value);
  }
  for (const { maxima, steps, most, at } of open) {
    if (at + 12 > 6_000) continue;
    below.windows++;
    if (most <= quantileSorted(maxima, 0.5)) below.p50++;
    if (most <= quantileSorted(maxima, 0.9)) below.p90++;
    if (most <= steps) below.steps++;
  }
  expect(LEVELS[SCORES.length - 3]).toBe(0.9);
  expect(below.p50 / below.windows).toBeGreaterThan(0.42);
  expect(below.p50 / below.windows).toBeLessThan(0.58);
  expect(below.p90 / below.windows).toBeGreaterThan(0.86);
  expect(below.p90 / below.windows).toBeLessThan(0.945);
  expect(below.steps / below.windows).toBeLessThan(0.82);
});
