import { LEVELS, type Observation, type Prediction, type Predictor } from '@auspex/contracts';
import { pack, pinball, unpack } from '@auspex/numerics';
import { testLaws } from '@auspex/testkit';
import { describe, expect, it } from 'vitest';
import { context, request, series, world } from '../../../test/support/series.ts';
import { hmmRegime } from '../src/index.ts';

const MINUTE = 60_000;
const make = (options: Record<string, unknown> = {}): Predictor => hmmRegime.create(hmmRegime.config.parse(options), context);

describe.each([1, 5, 60])('laws at a step of %i minutes', (minutes) => {
  testLaws('predictor', () => ({ plugin: hmmRegime, stepMs: minutes * MINUTE }), { describe, it });
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

describe('hmm-regime', () => {
  it('one state is a plain seasonal model', () => {
    const predictor = make({ states: 1 });
    let state = predictor.begin(series(5 * MINUTE));
    const observations = world(400, 5 * MINUTE, 10);
    for (const observation of observations) state = predictor.observe(state, observation);
    expect((predictor.forecast(state, request(observations, 5 * MINUTE)) as Prediction).note).toMatch(
      /^usual \(regime 1 of 1, [+-]\d+ % of expected\)$/,
    );
  });

  it('refuses options that it does not know', () => {
    expect(() => hmmRegime.config.parse({ regimes: 3 })).toThrow();
    expect(() => hmmRegime.config.parse({ surgeAt: -0.1 })).toThrow();
    expect(hmmRegime.config.parse({})).toEqual({
      states: 3,
      window: 1000,
      refitEvery: 7 * 86_400_000,
      memory: 7 * 86_400_000,
      surgeAt: 0.25,
    });
  });

  it('refuses a state of another version, and one whose parts do not fit', () => {
    const predictor = make();
    let state = predictor.begin(series(5 * MINUTE));
    for (const observation of world(300, 5 * MINUTE, 10)) state = predictor.observe(state, observation);
    const plain = unpack<Record<string, unknown> & { regimes: Record<string, unknown>; expectations: Record<string, unknown> }>(
      predictor.encode(state),
    );
    expect(predictor.encode(predictor.decode(pack(plain)))).toEqual(predictor.encode(state));
    const broken: readonly [string, unknown][] = [
      ['version 3', { ...plain, v: 2 }],
      ['version 3', null],
      ['incomplete', { ...plain, stepMs: 0 }],
      ['incomplete', { ...plain, expectations: { ...plain.expectations, day: new Float64Array(3) } }],
      ['incomplete', { ...plain, regimes: { ...plain.regimes, belief: Float64Array.of(1) } }],
      ['incomplete', { ...plain, regimes: { ...plain.regimes, rho: 1 } }],
      ['start', { ...plain, regimes: { ...plain.regimes, model: { ...(plain.regimes['model'] as object), start: new Float64Array(2) } } }],
    ];
    for (const [message, other] of broken) expect(() => predictor.decode(pack(other)), message).toThrow(message);
  });
});
