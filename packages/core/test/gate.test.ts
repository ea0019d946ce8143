import type { Forecast, Predictor } from '@auspex/contracts';
import { LEVELS, NOT_READY } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { expect, test } from 'vitest';
import { beginGate, gateError, learnGate, skillOf } from '../src/forecasting/gate.ts';
import type { SeriesState } from '../src/forecasting/mixer.ts';
import type { PredictStage } from '../src/stages/predict.ts';
import { infoOf, MINUTE, START, saying, stageOf } from './forecasting.ts';

const HORIZON = [1, 2, 3];
const HOUR = 60 * MINUTE;

/** Steps `from` to `to`, each forecast before it is seen; returns the last forecast. */
async function live(stage: PredictStage, series: SeriesState, from: number, to: number, value = wave): Promise<Forecast> {
  let last: Forecast | undefined;
  for (let t = from; t < to; t++) {
    [last] = await stage.forecast([series], START + t * MINUTE);
    stage.observe(series, { step: START + t * MINUTE, value: value(t), truth: 'observed' });
  }
  return last as Forecast;
}

const wave = (t: number): number => 100 + 50 * Math.sin(t / 40);
const stepOf = (origin: number): number => (origin - START) / MINUTE;
const noise = (t: number): number => new SeededRandom(t).next() - 0.5;

/** Right, but for an error that no correction can learn: it changes sides from step to step. */
const erring = (error: () => number): Predictor =>
  saying(
    (origin, ahead) => wave(stepOf(origin) + ahead - 1) * Math.exp(error() * Math.sign(noise(stepOf(origin) + 7 * ahead))),
    () => 0.05,
  );

test('a forecast that is worse than the last value gives way to it, says so, and returns when it is better', async () => {
  let error = 0.7;
  const stage = stageOf(
    erring(() => error),
    -0.15,
  );
  const series = stage.begin(infoOf(), HORIZON);
  // Twelve hours are the evidence that it takes.
  expect((await live(stage, series, 0, 700)).by).toBe('ensemble');
  const bad = await live(stage, series, 700, 800);
  expect(bad.by).toBe('persistence');
  expect(bad.fallback).toMatch(/^up to 3 steps ahead the predictors have been \d+ % worse than the last value going on/);
  expect(bad.quantiles[3]).toBe(wave(798));
  // Spread by what the last value was off: a little, and the more the further ahead.
  const width = (row: number): number => Math.log((bad.quantiles[row * 8 + 6] as number) / (bad.quantiles[row * 8] as number));
  expect(width(0)).toBeGreaterThan(0.005);
  expect(width(0)).toBeLessThan(0.1);
  expect(width(2)).toBeGreaterThan(2 * width(0));
  // A restart keeps the gate as it was; a lead time that was changed does not open it.
  const read = stage.decode(infoOf(), HORIZON, stage.encode(series));
  expect((await stage.forecast([read], START + 800 * MINUTE))[0]?.by).toBe('persistence');
  const longer = stage.decode(infoOf(), [1, 2, 3, 4], stage.encode(series));
  expect((await stage.forecast([longer], START + 800 * MINUTE))[0]?.by).toBe('persistence');
  // Switched off, it is open at once, whatever was stored.
  const off = stageOf(
    erring(() => error),
    null,
  );
  expect((await off.forecast([off.decode(infoOf(), HORIZON, stage.encode(series))], START + 800 * MINUTE))[0]?.by).toBe('ensemble');
  error = 0;
  const good = await live(stage, series, 800, 30_000);
  expect(good.by).toBe('ensemble');
  expect(good.fallback).toBeUndefined();
});

test('what counts is what is issued: a bias that outcomes have corrected closes nothing', async () => {
  const stage = stageOf(
    saying(
      (origin, ahead) => 1.9 * wave(stepOf(origin) + ahead - 1),
      () => 0.05,
    ),
    -0.15,
  );
  const series = stage.begin(infoOf(), [10, 20, 30]);
  expect((await live(stage, series, 0, 5_000)).by).toBe('ensemble');
});

test('the last value is that of the origin, not the one before the outcome', async () => {
  // Thirty steps ahead the wave has moved on; one step before it has not.
  const stage = stageOf(
    erring(() => 0.08),
    -0.15,
  );
  const series = stage.begin(infoOf(), [30]);
  expect((await live(stage, series, 0, 2_000)).by).toBe('ensemble');
  const skill = skillOf(series.gate, MINUTE) as number;
  expect(skill).toBeGreaterThan(0.5);
});

test('a constant series: who is exactly right has lost nothing by a rounding; who says something else has no skill', async () => {
  for (const constant of [12, 0.1, 3.3, 1 / 60]) {
    const stage = stageOf(
      saying(
        () => constant,
        () => 0.05,
      ),
      -0.15,
    );
    const series = stage.begin(infoOf(), HORIZON);
    expect((await live(stage, series, 0, 1_000, () => constant)).by).toBe('ensemble');
  }
  const wrong = beginGate(1);
  for (let i = 0; i < 800; i++) learnGate(wrong, 1, 0, 1, -0.15, MINUTE);
  expect(skillOf(wrong, MINUTE)).toBe(Number.NEGATIVE_INFINITY);
  expect(wrong.closed).toBe(true);
});

test('steps of which nothing was forecast are no evidence', async () => {
  const silent: Predictor = { ...saying(wave, () => 0.1), forecast: () => NOT_READY };
  const stage = stageOf(silent, -0.15);
  const series = stage.begin(infoOf(), HORIZON);
  expect((await live(stage, series, 0, 900)).fallback).toBe('no predictor has an answer');
  expect(series.gate.outcomes).toBe(0);
});

test('where nobody answers, the spread is still learnt from how far the last value was off', async () => {
  const silent: Predictor = { ...saying(wave, () => 0.1), forecast: () => NOT_READY };
  const stage = stageOf(silent, -0.15);
  const series = stage.begin(infoOf(), HORIZON);
  const random = new SeededRandom(9);
  const walk = Array.from({ length: 1_200 }, () => 100 * Math.exp(0.5 * random.normal()));
  const { quantiles } = await live(stage, series, 0, walk.length, (t) => walk[t] as number);
  // Of the difference of two such draws: 2 x 1.645 x 0.5 x sqrt(2).
  const width = Math.log((quantiles[6] as number) / (quantiles[0] as number));
  expect(width).toBeGreaterThan(1.9);
  expect(width).toBeLessThan(2.8);
});

test('one absurd answer is refused, and one absurd outcome does not decide for days', async () => {
  let absurd = false;
  const stage = stageOf(
    saying(
      (origin, ahead) => (absurd ? 1e39 : wave(stepOf(origin) + ahead - 1)),
      () => 0.05,
    ),
    -0.15,
  );
  const series = stage.begin(infoOf(), HORIZON);
  await live(stage, series, 0, 1_000);
  absurd = true;
  expect((await live(stage, series, 1_000, 1_001)).by).toBe('persistence');
  absurd = false;
  const after = await live(stage, series, 1_001, 1_100);
  expect(after.by).toBe('ensemble');
  expect(after.quantiles.every(Number.isFinite)).toBe(true);
  expect(gateError(1e20, 3, 5)).toBe(50);
  expect(gateError(1e20, 8, 5)).toBe(80);
  expect(gateError(5.001, 5, 5)).toBe(0);
  expect(gateError(0.001, 0, 5)).toBe(0);
});

test('a rate that is none is a step of which nothing is known, not the end of the engine', async () => {
  const stage = stageOf(saying(wave, () => 0.05));
  const series = stage.begin(infoOf(), HORIZON);
  await live(stage, series, 0, 10);
  for (const [i, value] of [-3, Number.NaN, Number.POSITIVE_INFINITY, 1e300].entries()) {
    stage.observe(series, { step: START + (10 + i) * MINUTE, value, truth: 'observed' });
  }
  expect(series.last).toBe(wave(9));
  expect(series.lastStep).toBe(START + 13 * MINUTE);
});

test('a gate does not flap: it opens well above the skill at which it closed, whatever the threshold', () => {
  for (const least of [-0.15, 0, 0.5]) {
    const gate = beginGate(1);
    const learn = (skill: number): void => {
      for (let i = 0; i < 3_000; i++) learnGate(gate, 1 - skill, 1, 10, least, HOUR);
    };
    learn(least - 0.02);
    expect(gate.closed).toBe(true);
    learn(least + 0.05);
    expect(gate.closed).toBe(true);
    learn(least + 0.12);
    expect(gate.closed).toBe(false);
    learn(least + 0.02);
    expect(gate.closed).toBe(false);
  }
});

test('a ramp in the morning does not outweigh the days before', () => {
  // Minutes: three bad hours every day, twenty-one good ones; the forecast is better over all.
  const gate = beginGate(1);
  let closed = 0;
  for (let t = 0; t < 20_000; t++) {
    const bad = (t + 600) % 1_440 < 180;
    learnGate(gate, bad ? 0.4 : 0.02, bad ? 0.2 : 0.06, 1, -0.15, MINUTE);
    if (gate.closed) closed++;
  }
  expect(closed).toBe(0);
});

test('a series without spread is a row of equal values that do not cross', async () => {
  const silent: Predictor = { ...saying(wave, () => 0.1), forecast: () => NOT_READY };
  const stage = stageOf(silent);
  const series = stage.begin(infoOf(), HORIZON);
  for (let t = 0; t < 300; t++) {
    const { quantiles } = await live(stage, series, t, t + 1, () => 0.9979529170931423);
    for (let i = 1; i < quantiles.length; i++) {
      if (i % LEVELS.length > 0) expect(quantiles[i] as number).toBeGreaterThanOrEqual(quantiles[i - 1] as number);
    }
  }
});

test('after a long silence nobody is called 1e40 % worse: what is nearly nothing is no error', async () => {
  const stage = stageOf(
    saying(
      () => 1e-6,
      () => 0.05,
    ),
    -0.15,
  );
  const series = stage.begin(infoOf(), HORIZON);
  const silence = (t: number): number => (t < 1_200 ? 10 : 0);
  for (let t = 0; t < 4_000; t += 100) {
    const { fallback } = await live(stage, series, t, t + 100, silence);
    expect(fallback ?? '').not.toMatch(/\d{6} %|e\+/);
  }
});

/** So noisy that the last value is the worse forecast. */
const busy = (t: number): number => wave(t) * (1 + 0.4 * noise(t));
/** With three times the demand for a hundred minutes, of which the predictor knows nothing. */
const crowd = (t: number): number => busy(t) * (t >= 1_000 && t < 1_100 ? 3 : 1);
const deaf = (): Predictor =>
  saying(
    (origin, ahead) => wave(stepOf(origin) + ahead - 1),
    () => 0.12,
  );

test('in a crowd that nobody planned the last value goes on within minutes, and no quantile runs away (regression: units for five crowds)', async () => {
  const stage = stageOf(deaf(), -0.15);
  const series = stage.begin(infoOf(), HORIZON);
  expect((await live(stage, series, 0, 1_000, crowd)).by).toBe('ensemble');
  const minutes: Forecast[] = [];
  for (let t = 1_000; t < 1_100; t++) minutes.push(await live(stage, series, t, t + 1, crowd));
  const closed = minutes.findIndex(({ by }) => by === 'persistence');
  expect(closed).toBeGreaterThan(3);
  expect(closed).toBeLessThan(15);
  expect(minutes.slice(closed).every(({ by }) => by === 'persistence')).toBe(true);
  expect(minutes[closed]?.fallback).toMatch(
    /^in the last minutes the predictors have been \d+(\.\d+)? times as far off as the last value, which goes on$/,
  );
  const highest = Math.max(...minutes.map(({ quantiles }, i) => (quantiles[7] as number) / crowd(1_000 + i)));
  expect(highest).toBeLessThan(2.5);
  // A restart keeps it.
  const read = stage.decode(infoOf(), HORIZON, stage.encode(series));
  expect((await stage.forecast([read], START + 1_100 * MINUTE))[0]?.by).toBe('persistence');
  // And when the crowd is gone the predictors are back once what corrected them has let go of it.
  expect((await live(stage, series, 1_100, 1_250, crowd)).by).toBe('ensemble');
  // Switched off, it never closes.
  const off = stageOf(deaf(), null);
  const own = off.begin(infoOf(), HORIZON);
  expect((await live(off, own, 0, 1_050, crowd)).by).toBe('ensemble');
});

test('a forecast that is as far off as it always was is no crowd, and of a small one nobody asks', async () => {
  const always = stageOf(
    erring(() => 0.7),
    -0.15,
  );
  const series = always.begin(infoOf(), HORIZON);
  expect((await live(always, series, 0, 700)).by).toBe('ensemble');
  const stage = stageOf(deaf(), -0.15);
  const other = stage.begin(infoOf(), HORIZON);
  await live(stage, other, 0, 1_000, busy);
  expect((await live(stage, other, 1_000, 1_060, (t) => 1.2 * busy(t))).by).toBe('ensemble');
});
