import { LEVELS, type Observation } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { expect, test } from 'vitest';
import { ask, create, DAY, demand, fold, HOUR, MINUTE, MONDAY, medians, observations, series, WEEK } from './world.ts';

test('forecasts a day and a week-end far better than the last value does', () => {
  const predictor = create();
  const stepMs = 15 * MINUTE;
  const seen = observations(stepMs, (28 * DAY) / stepMs, { noise: 0.1 });
  let state = predictor.begin(series(stepMs));
  let ours = 0;
  let naive = 0;
  seen.forEach((one, i) => {
    state = predictor.observe(state, one);
    const outcome = seen[i + 16];
    if (i < (21 * DAY) / stepMs || !outcome || i % 7 !== 0) return;
    ours += Math.abs((medians(ask(predictor, state, one, [16]))[0] as number) - outcome.value);
    naive += Math.abs(one.value - outcome.value);
  });
  expect(ours).toBeLessThan(0.35 * naive);
});

test('quantiles keep their promise to a few per cent', () => {
  const predictor = create();
  const seen = observations(HOUR, 24 * 60, { noise: 0.25, seed: 11 });
  let state = predictor.begin(series(HOUR));
  const below = new Float64Array(LEVELS.length);
  let count = 0;
  seen.forEach((one, i) => {
    state = predictor.observe(state, one);
    const outcome = seen[i + 3];
    if (i < 24 * 28 || !outcome) return;
    count++;
    const { quantiles } = ask(predictor, state, one, [3]);
    LEVELS.forEach((_, column) => {
      if (outcome.value <= (quantiles[column] as number)) below[column] = (below[column] as number) + 1;
    });
  });
  LEVELS.forEach((level, column) => {
    expect(Math.abs((below[column] as number) / count - level)).toBeLessThan(0.05);
  });
});

test('follows local time over a clock change', () => {
  const zone = 'America/New_York';
  const predictor = create();
  // 2026-03-08 07:00 UTC: the clocks of New York go forward. Demand follows local time.
  const change = Date.UTC(2026, 2, 8, 7);
  const random = new SeededRandom(5);
  const seen: Observation[] = [];
  for (let step = change - 4 * WEEK; step < change + 2 * DAY; step += HOUR) {
    const local = step + (step < change ? -5 : -4) * HOUR;
    seen.push({ step, value: demand(local) * Math.exp(0.02 * random.normal()), truth: 'observed' });
  }
  const state = fold(predictor, predictor.begin(series(HOUR, zone)), seen);
  const last = seen.at(-1) as Observation;
  const answer = medians(ask(predictor, state, last, [6, 12, 18, 24]));
  [6, 12, 18, 24].forEach((h, i) => {
    expect(Math.abs((answer[i] as number) / demand(last.step + h * HOUR - 4 * HOUR) - 1)).toBeLessThan(0.06);
  });
});

test('the state of a minute series stays below 40 KB and does not grow', () => {
  const predictor = create();
  let state = predictor.begin(series(MINUTE));
  state = fold(predictor, state, observations(MINUTE, 3000, { noise: 0.2 }));
  const early = predictor.encode(state).length;
  state = fold(predictor, state, observations(MINUTE, 18 * 1440, { from: MONDAY + 3000 * MINUTE, noise: 0.2 }));
  const late = predictor.encode(state).length;
  expect(late).toBeLessThan(40_960);
  expect(late - early).toBeLessThan(64);
});
