import { LEVELS, type Observation, type Prediction, type Predictor } from '@auspex/contracts';
import { pinball } from '@auspex/numerics';
import { testLaws } from '@auspex/testkit';
import { describe, expect, it } from 'vitest';
import { context, request, START, series, world } from '../../../test/support/series.ts';
import { hmm } from '../src/index.ts';

const MINUTE = 60_000;
const make = (options: Record<string, unknown> = {}): Predictor => hmm.create(hmm.config.parse(options), context);

describe.each([1, 5, 60])('laws at a step of %i minutes', (minutes) => {
  testLaws('predictor', () => ({ plugin: hmm, stepMs: minutes * MINUTE }), { describe, it });
});

/** Walks through a world; calls `each` with the forecast for `h` steps and what came. */
function walk(
  observations: readonly Observation[],
  from: number,
  h: number,
  each: (row: Float64Array, y: number, now: number) => void,
): void {
  const stepMs = 5 * MINUTE;
  const predictor = make();
  let state = predictor.begin(series(stepMs));
  observations.forEach((observation, i) => {
    state = predictor.observe(state, observation);
    const due = observations[i + h];
    if (i < from || !due || i % 3 !== 0) return;
    const { quantiles } = predictor.forecast(state, request(observations.slice(i, i + 1), stepMs, [h])) as Prediction;
    each(quantiles, due.value, observation.value);
  });
}

describe('accuracy in a world of regimes', () => {
  const observations = world(5000, 5 * MINUTE, 100, 'accuracy');

  it.each([1, 8, 24])('h = %i: quantiles hold their promise and beat persistence', (h) => {
    let loss = 0;
    let naive = 0;
    let count = 0;
    const below = LEVELS.map(() => 0);
    walk(observations, 2500, h, (row, y, now) => {
      LEVELS.forEach((p, q) => {
        loss += pinball(y, row[q] as number, p);
        naive += pinball(y, now, p);
        if (y <= (row[q] as number)) below[q] = (below[q] as number) + 1;
      });
      count++;
    });
    expect(loss).toBeLessThan(0.9 * naive);
    LEVELS.forEach((p, q) => {
      expect(Math.abs((below[q] as number) / count - p)).toBeLessThan(0.09);
    });
  });
});

describe('hmm', () => {
  it('says which regime it is in', () => {
    const stepMs = 5 * MINUTE;
    const predictor = make();
    let state = predictor.begin(series(stepMs));
    const observations = Array.from({ length: 2000 }, (_, i) => ({
      step: START + i * stepMs,
      value: (i % 400 >= 370 ? 200 : 100) * (1 + 0.02 * Math.sin(i * 1.7)),
      truth: 'observed' as const,
    }));
    for (const observation of observations) state = predictor.observe(state, observation);
    const { note } = predictor.forecast(state, request(observations, stepMs)) as Prediction;
    expect(note).toMatch(/^regime 3 of 3: \+\d+ % of expected$/);
  });

  it('one state is a plain seasonal model', () => {
    const predictor = make({ states: 1 });
    let state = predictor.begin(series(5 * MINUTE));
    const observations = world(400, 5 * MINUTE, 10);
    for (const observation of observations) state = predictor.observe(state, observation);
    expect((predictor.forecast(state, request(observations, 5 * MINUTE)) as Prediction).note).toContain('regime 1 of 1');
  });

  it('refuses options that it does not know', () => {
    expect(() => hmm.config.parse({ regimes: 3 })).toThrow();
    expect(hmm.config.parse({})).toEqual({ states: 3, window: 1000, refitEvery: 7 * 86_400_000, memory: 7 * 86_400_000 });
  });

  it('refuses a state whose parts do not fit', () => {
    const predictor = make();
    const state = predictor.begin(series(5 * MINUTE)) as { belief: Float64Array };
    state.belief = Float64Array.of(1, 0, 0);
    expect(() => predictor.decode(predictor.encode(state))).toThrow('incomplete');
  });
});
