import type { Observation } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { expect, test } from 'vitest';
import { ask, create, DAY, fold, HOUR, MINUTE, medians, observations, series } from './world.ts';

const STEP = 5 * MINUTE;
const WEEK = (7 * DAY) / STEP;
/** A Thursday at 9:00, in the third week: the steepest part of the morning. */
const BEGIN = 2 * WEEK + (3 * DAY + 9 * HOUR) / STEP;
const END = BEGIN + (30 * MINUTE) / STEP;
const clean = observations(STEP, BEGIN + WEEK + 12, { noise: 0.05 });

const predictor = create();
const begin = predictor.encode(fold(predictor, predictor.begin(series(STEP)), clean.slice(0, BEGIN)));

/** Medians for the half hour a week after the spoilt one, asked for 16, 6 and 1 steps before it. */
function aWeekLater(spoil: (seen: Observation) => Observation): number[] {
  let state = predictor.decode(begin);
  let at = BEGIN;
  return [16, 6, 1].flatMap((before) => {
    for (; at < BEGIN + WEEK - before; at++) {
      const seen = clean[at] as Observation;
      state = predictor.observe(state, at < END ? spoil(seen) : seen);
    }
    return medians(ask(predictor, state, clean[at - 1] as Observation, [before, before + 2, before + 5]));
  });
}

const undisturbed = aWeekLater((seen) => seen);

/** Largest relative difference from the forecasts of a run that never saw the disturbance. */
function differenceAWeekLater(spoil: (seen: Observation) => Observation): number {
  return Math.max(...aWeekLater(spoil).map((value, i) => Math.abs(value / (undisturbed[i] as number) - 1)));
}

test('a capped half hour is not learnt as a habit', () => {
  expect(differenceAWeekLater((seen) => ({ ...seen, value: 0.4 * seen.value, truth: 'censored' }))).toBeLessThan(0.02);
});

test('a saturating burst with retries is not learnt as a habit', () => {
  expect(differenceAWeekLater((seen) => ({ ...seen, value: 5 * seen.value, truth: 'censored' }))).toBeLessThan(0.02);
});

test('an incident and an outage are not learnt as habits', () => {
  expect(differenceAWeekLater((seen) => ({ ...seen, value: 0, truth: 'masked' }))).toBeLessThan(0.02);
  expect(differenceAWeekLater((seen) => ({ ...seen, value: 0, truth: 'missing' }))).toBeLessThan(0.02);
});

test('the same values taken for observations would be learnt: the law can fail', () => {
  expect(differenceAWeekLater((seen) => ({ ...seen, value: 5 * seen.value }))).toBeGreaterThan(0.02);
  expect(differenceAWeekLater((seen) => ({ ...seen, value: 0.4 * seen.value }))).toBeGreaterThan(0.02);
});

test('a bound above what was expected raises the forecast for now, and fades', () => {
  const calm = predictor.decode(begin);
  const last = clean[BEGIN] as Observation;
  const missing = predictor.observe(predictor.decode(begin), { ...last, value: 0, truth: 'missing' });
  const bound = predictor.observe(calm, { ...last, value: 3 * last.value, truth: 'censored' });
  const low = medians(ask(predictor, missing, last, [1, 6, 24]));
  const high = medians(ask(predictor, bound, last, [1, 6, 24]));
  expect((high[0] as number) / (low[0] as number)).toBeGreaterThan(2);
  expect((high[1] as number) / (low[1] as number)).toBeLessThan((high[0] as number) / (low[0] as number));
  expect((high[2] as number) / (low[2] as number)).toBeLessThan(1.2);
});

test('a bound below what was expected says nothing', () => {
  const calm = predictor.decode(begin);
  const last = clean[BEGIN] as Observation;
  const missing = predictor.observe(predictor.decode(begin), { ...last, value: 0, truth: 'missing' });
  const bound = predictor.observe(calm, { ...last, value: 0.1 * last.value, truth: 'censored' });
  expect(ask(predictor, bound, last)).toEqual(ask(predictor, missing, last));
});

test('a state read back in the midst of saturation goes on as if it had not been', () => {
  const spoilt = clean
    .slice(0, BEGIN + 3)
    .map((seen, i) => (i < BEGIN ? seen : { ...seen, value: 3 * seen.value, truth: 'censored' as const }));
  const last = spoilt.at(-1) as Observation;
  const state = fold(predictor, predictor.begin(series(STEP)), spoilt);
  const twin = predictor.decode(predictor.encode(state));
  expect(ask(predictor, twin, last)).toEqual(ask(predictor, state, last));
});

test('the longer nothing is known, the wider the forecast', () => {
  const widthAfter = (gap: number): number => {
    const seen = observations(STEP, BEGIN + gap, { noise: 0.3, seed: 4 });
    // A walk, not a season: what was last seen matters.
    const random = new SeededRandom(9);
    let level = 0;
    const walk = seen.map((one, i) => {
      level = 0.99 * level + 0.1 * random.normal();
      return i < BEGIN ? { ...one, value: 10 * Math.exp(level) } : { ...one, value: 0, truth: 'missing' as const };
    });
    const { quantiles } = ask(predictor, fold(predictor, predictor.begin(series(STEP)), walk), walk.at(-1) as Observation, [1]);
    return Math.log((quantiles[6] as number) / (quantiles[0] as number));
  };
  const now = widthAfter(0);
  expect(widthAfter(6)).toBeGreaterThan(1.3 * now);
  expect(widthAfter(18)).toBeGreaterThan(1.6 * now);
});
