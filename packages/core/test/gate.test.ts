import { expect, test } from 'vitest';
import { beginGate, learnGate, skillOf } from '../src/forecasting/gate.ts';
import type { SeriesState } from '../src/forecasting/mixer.ts';
import type { PredictStage } from '../src/stages/predict.ts';
import { infoOf, MINUTE, START, saying, stageOf } from './forecasting.ts';

const HORIZON = [1, 2, 3];

/** Steps `from` to `to` of a slow wave, each forecast before it is seen; returns the last forecast. */
async function live(stage: PredictStage, series: SeriesState, from: number, to: number) {
  let last: Awaited<ReturnType<PredictStage['forecast']>>[number] | undefined;
  for (let t = from; t < to; t++) {
    [last] = await stage.forecast([series], START + t * MINUTE);
    stage.observe(series, { step: START + t * MINUTE, value: wave(t), truth: 'observed' });
  }
  return last as NonNullable<typeof last>;
}

const wave = (t: number): number => 100 + 50 * Math.sin(t / 40);
const stepOf = (origin: number): number => (origin - START) / MINUTE;

test('a forecast that is worse than the last value gives way to it, says so, and returns when it is better', async () => {
  let factor = 2;
  const stage = stageOf(
    saying(
      (origin, ahead) => factor * wave(stepOf(origin) + ahead - 1),
      () => 0.05,
    ),
    -0.15,
  );
  const series = stage.begin(infoOf(), HORIZON);
  // Too little to tell: the predictor speaks.
  expect((await live(stage, series, 0, 80)).by).toBe('ensemble');
  const bad = await live(stage, series, 80, 200);
  expect(bad.by).toBe('persistence');
  expect(bad.fallback).toMatch(/^up to 3 steps ahead the predictors have been \d+ % worse than the last value going on/);
  expect(bad.quantiles[3]).toBe(wave(198));
  // Spread by what the last value was off: a little, and the more the further ahead.
  const width = (row: number): number => Math.log((bad.quantiles[row * 8 + 6] as number) / (bad.quantiles[row * 8] as number));
  expect(width(0)).toBeGreaterThan(0.005);
  expect(width(0)).toBeLessThan(0.1);
  expect(width(2)).toBeGreaterThan(2 * width(0));
  // A restart keeps the gate as it was.
  const read = stage.decode(infoOf(), HORIZON, stage.encode(series));
  expect((await stage.forecast([read], START + 200 * MINUTE))[0]?.by).toBe('persistence');
  factor = 1;
  const good = await live(stage, series, 200, 4_000);
  expect(good.by).toBe('ensemble');
  expect(good.fallback).toBeUndefined();
});

test('without a threshold nothing gives way', async () => {
  const stage = stageOf(
    saying(
      () => 1e6,
      () => 0.05,
    ),
    null,
  );
  const series = stage.begin(infoOf(), HORIZON);
  expect((await live(stage, series, 0, 400)).by).toBe('ensemble');
});

test('a gate does not flap: it opens well above the skill at which it closed', () => {
  const gate = beginGate(1);
  for (let i = 0; i < 2_000; i++) learnGate(gate, 1.2, 1, -0.15);
  expect(gate.closed).toBe(true);
  for (let i = 0; i < 5_000; i++) learnGate(gate, 1.1, 1, -0.15);
  expect(skillOf(gate)).toBeCloseTo(-0.1, 5);
  expect(gate.closed).toBe(true);
  for (let i = 0; i < 5_000; i++) learnGate(gate, 1.04, 1, -0.15);
  expect(gate.closed).toBe(false);
});

test('a constant series: whoever says something else has no skill at all', () => {
  const [right, wrong] = [beginGate(1), beginGate(1)];
  for (let i = 0; i < 200; i++) {
    learnGate(right, 0, 0, -0.15);
    learnGate(wrong, 1, 0, -0.15);
  }
  expect(skillOf(right)).toBe(0);
  expect(right.closed).toBe(false);
  expect(wrong.closed).toBe(true);
});
