import { LEVELS, NOT_READY, type Observation, type Prediction, type Predictor } from '@auspex/contracts';
import { quantileSorted, SeededRandom } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import { context, request, START, series } from '../../../test/support/series.ts';
import {
  type HmmRegimeState,
  hmmRegime,
  predictiveLogLikelihood,
  type RegimeBelief,
  regimeOf,
  regimePaths,
  surgeProbability,
} from '../src/index.ts';
import { nameOf } from '../src/predictor/names.ts';

const STEP = 300_000;

/** A flat rate with now and then a surge of half as much again, which lasts 25 steps on average. */
function surging(steps: number, seed: string, height = 1.5): Observation[] {
  const random = new SeededRandom(seed);
  let surge = false;
  let noise = 0;
  return Array.from({ length: steps }, (_, i) => {
    if (random.next() < (surge ? 0.04 : 0.01)) surge = !surge;
    noise = 0.5 * noise + 0.03 * random.normal();
    return { step: START + i * STEP, value: 100 * Math.exp(noise) * (surge ? height : 1), truth: 'observed' as const };
  });
}

function after(
  observations: readonly Observation[],
  options: Record<string, unknown> = {},
): { predictor: Predictor; state: HmmRegimeState } {
  const predictor = hmmRegime.create(hmmRegime.config.parse(options), context) as Predictor;
  let state = predictor.begin(series(STEP));
  for (const observation of observations) state = predictor.observe(state, observation);
  return { predictor, state: state as HmmRegimeState };
}

const observations = surging(4000, 'regimes');
/** In a surge that has lasted for some steps: where `regimes` says so. */
const inSurge = observations.findLastIndex(({ value }, i) => value > 130 && (observations[i - 4]?.value as number) > 130);
const surge = after(observations.slice(0, inSurge + 1));
const calmEnd = observations.findLastIndex(({ value }, i) => value < 115 && (observations[i - 20]?.value as number) < 115);
const calm = after(observations.slice(0, calmEnd + 1));

describe('names', () => {
  it.each([
    [1, [false], ['usual']],
    [2, [false, false], ['usual', 'busy']],
    [2, [false, true], ['usual', 'surge']],
    [3, [false, false, false], ['quiet', 'usual', 'busy']],
    [3, [false, false, true], ['quiet', 'usual', 'surge']],
    [5, [false, false, false, true, true], ['quiet', 'usual', 'usual', 'surge', 'surge']],
  ] as const)('of %i regimes', (states, surges, names) => {
    expect(surges.map((over, k) => nameOf(k, states, over))).toEqual(names);
  });

  it('stand with their probabilities', () => {
    const { regimes, likeliest } = regimeOf(surge.state) as RegimeBelief;
    expect(regimes.map(({ name }) => name).at(-1)).toBe('surge');
    expect(likeliest).toBe(2);
    expect(regimes.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
    expect(regimes[2]?.overExpected).toBeGreaterThan(0.25);
    expect((regimeOf(calm.state) as RegimeBelief).likeliest).toBeLessThan(2);
  });

  it('note: the regime, its level, and the chance of a surge', () => {
    const of = ({ predictor, state }: typeof surge): string | undefined =>
      (predictor.forecast(state, { origin: state.lastStep + STEP, horizon: [1, 4, 12], levels: LEVELS }) as Prediction).note;
    const percent = Math.round(100 * (surgeProbability(calm.state, 1, 12) as number));
    expect(of(surge)).toMatch(/^surge \(regime 3 of 3, \+\d+ % of expected\); surge regime within 12 steps: (9\d|100) %$/);
    expect(of(calm)).toMatch(/^(quiet|usual) \(regime [12] of 3, [+-]\d+ % of expected\); surge regime within 12 steps: \d+ %$/);
    expect(of(calm)?.endsWith(`: ${percent} %`)).toBe(true);
    expect(percent).toBeGreaterThan(2);
    expect(percent).toBeLessThan(40);
  });

  it('without a surge it is busy, and nothing is said of one', () => {
    const steps = observations.slice(0, inSurge + 1);
    const { predictor, state } = after(steps, { surgeAt: 3 });
    expect((predictor.forecast(state, request(steps, STEP)) as Prediction).note).toMatch(/^busy \(regime 3 of 3, \+\d+ % of expected\)$/);
    expect(surgeProbability(state, 1, 50)).toBe(0);
    // What counts is how it is configured now.
    const again = surge.predictor.decode(predictor.encode(state)) as HmmRegimeState;
    expect(surgeProbability(again, 1, 50)).toBeGreaterThan(0.9);
  });
});

describe('surgeProbability', () => {
  /** By drawing the chain itself. */
  function drawn({ regimes }: HmmRegimeState, from: number, to: number): number {
    if (!regimes) throw new Error('not ready');
    const { model, filter } = regimes;
    const random = new SeededRandom('surge');
    const draw = (weights: Float64Array): number => {
      let rest = random.next();
      return weights.findIndex((weight) => {
        rest -= weight;
        return rest < 0;
      });
    };
    let hits = 0;
    for (let path = 0; path < 20_000; path++) {
      let regime = draw(filter.belief);
      for (let step = 1; step <= to; step++) {
        regime = draw(model.transition.subarray(regime * 3, regime * 3 + 3));
        if (step >= from && regime === 2) {
          hits++;
          break;
        }
      }
    }
    return hits / 20_000;
  }

  it.each([
    [1, 1],
    [1, 12],
    [6, 6],
    [10, 40],
  ])('of steps %i to %i is the share of paths that visit one', (from, to) => {
    for (const { state } of [surge, calm])
      expect(Math.abs((surgeProbability(state, from, to) as number) - drawn(state, from, to))).toBeLessThan(0.012);
  });

  it('rises with the window, to 1', () => {
    let before = 0;
    for (const to of [1, 2, 5, 20, 100, 1000, 10_000, 1_000_000]) {
      const now = surgeProbability(calm.state, 1, to) as number;
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
    }
    expect(before).toBeCloseTo(1, 9);
    // The hazard has reached its limit by then: the shortcut is the product.
    const [a, b, c] = [400, 401, 402].map((to) => 1 - (surgeProbability(calm.state, 1, to) as number)) as [number, number, number];
    expect(b / a).toBeCloseTo(c / b, 7);
  });

  it('refuses windows that are none', () => {
    for (const [from, to] of [
      [0, 3],
      [4, 3],
      [1.5, 3],
    ] as const)
      expect(() => surgeProbability(calm.state, from, to)).toThrow(RangeError);
  });
});

describe('regimePaths', () => {
  const asked = { origin: calm.state.lastStep + STEP, horizon: [1, 2, 4, 8, 24, 60] };
  const paths = 4000;

  it('are decided by their stream and leave the state alone', () => {
    const before = calm.predictor.encode(calm.state);
    const once = regimePaths(calm.state, asked, 20, new SeededRandom(1)) as Float64Array;
    expect(once).toHaveLength(20 * 6);
    expect(once.every((rate) => rate >= 0 && Number.isFinite(rate))).toBe(true);
    expect(regimePaths(calm.state, asked, 20, new SeededRandom(1))).toEqual(once);
    expect(regimePaths(calm.state, asked, 20, new SeededRandom(2))).not.toEqual(once);
    expect(calm.predictor.encode(calm.state)).toEqual(before);
  });

  it.each([
    ['calm', calm, [0.1, 0.5, 0.9], 0.05],
    // Below, a path falls to the level after the surge at once; a forecast's component is drawn towards where it was.
    ['in a surge', surge, [0.5, 0.9], 0.08],
  ] as const)('have the quantiles of the forecast: %s', (_, { predictor, state }, levels, within) => {
    const ask = { ...asked, origin: state.lastStep + STEP };
    const rates = regimePaths(state, ask, paths, new SeededRandom('paths')) as Float64Array;
    const { quantiles } = predictor.forecast(state, { ...ask, levels: LEVELS }) as Prediction;
    ask.horizon.forEach((ahead, row) => {
      const column = Float64Array.from({ length: paths }, (__, path) => rates[path * 6 + row] as number).sort();
      // Where a quantile falls between regimes its place is loose, but not its level.
      for (const level of levels) {
        const forecast = quantiles[row * LEVELS.length + LEVELS.indexOf(level as never)] as number;
        const below = column.filter((rate) => rate <= forecast).length / paths;
        expect(Math.abs(below - level), `${ahead} steps, ${level}`).toBeLessThan(within);
      }
      expect(quantileSorted(column, 0.5)).toBeGreaterThan(0);
    });
  });

  it('keep a surge together: those that surge at a step mostly surged the step before', () => {
    const near = { origin: surge.state.lastStep + STEP, horizon: [9, 10] };
    const rates = regimePaths(surge.state, near, paths, new SeededRandom('together')) as Float64Array;
    const pairs = Array.from({ length: paths }, (_, path) => [rates[2 * path] as number, rates[2 * path + 1] as number] as const);
    const surged = pairs.filter(([, now]) => now > 130);
    expect(surged.filter(([before]) => before > 125).length / surged.length).toBeGreaterThan(0.85);
    expect(surged.length / paths).toBeLessThan(0.9);
  });

  it('through a gap they are as wide as what was not seen', () => {
    const gap = Array.from({ length: 30 }, (_, i) => ({ step: calm.state.lastStep + (i + 1) * STEP, value: 0, truth: 'missing' as const }));
    const { state } = after([...observations.slice(0, calmEnd + 1), ...gap]);
    const spread = (of: HmmRegimeState): number => {
      const rates = (regimePaths(of, { origin: of.lastStep + STEP, horizon: [1] }, 2000, new SeededRandom(3)) as Float64Array).sort();
      return quantileSorted(rates, 0.9) - quantileSorted(rates, 0.1);
    };
    expect(spread(state)).toBeGreaterThan(1.1 * spread(calm.state));
  });
});

describe('predictiveLogLikelihood', () => {
  const at = (value: number): number =>
    predictiveLogLikelihood(calm.state, { step: calm.state.lastStep + STEP, value, truth: 'observed' }) as number;

  it('is a density of the log of the rate', () => {
    const one = 1000 / STEP;
    let sum = 0;
    for (let log = -5; log < 15; log += 0.001) sum += 0.001 * Math.exp(at(Math.max(0, Math.exp(log) - one))) * Number(Math.exp(log) >= one);
    expect(sum).toBeCloseTo(1, 3);
  });

  it('is that of the forecast: its integral up to the median is a half', () => {
    const { quantiles } = calm.predictor.forecast(calm.state, {
      origin: calm.state.lastStep + STEP,
      horizon: [1],
      levels: [0.5],
    }) as Prediction;
    const median = Math.log((quantiles[0] as number) + 1000 / STEP);
    let sum = 0;
    for (let log = -5; log < median; log += 0.001) sum += 0.001 * Math.exp(at(Math.max(0, Math.exp(log) - 1000 / STEP)));
    expect(sum).toBeCloseTo(0.5, 2);
  });

  it('falls with strangeness and leaves the state alone', () => {
    const before = calm.predictor.encode(calm.state);
    const [usual, odd, absurd] = [100, 300, 1e6].map(at) as [number, number, number];
    expect(usual).toBeGreaterThan(odd + 5);
    expect(odd).toBeGreaterThan(absurd);
    expect(Number.isFinite(absurd)).toBe(true);
    expect(calm.predictor.encode(calm.state)).toEqual(before);
  });

  it('says nothing of what was not observed', () => {
    for (const truth of ['missing', 'masked', 'censored'] as const)
      expect(predictiveLogLikelihood(calm.state, { step: calm.state.lastStep + STEP, value: 100, truth })).toBe(NOT_READY);
  });
});

it('before the first fit nothing is ready', () => {
  const { state } = after(observations.slice(0, 100));
  const next = { step: state.lastStep + STEP, value: 100, truth: 'observed' as const };
  expect(regimeOf(state)).toBe(NOT_READY);
  expect(surgeProbability(state, 1, 5)).toBe(NOT_READY);
  expect(regimePaths(state, { origin: next.step, horizon: [1] }, 3, new SeededRandom(1))).toBe(NOT_READY);
  expect(predictiveLogLikelihood(state, next)).toBe(NOT_READY);
});
