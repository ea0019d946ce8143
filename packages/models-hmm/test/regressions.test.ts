import { LEVELS, type Observation, type Prediction, type Predictor } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import { context, request, series, world } from '../../../test/support/series.ts';
import {
  bic,
  Filter,
  type FitOptions,
  fit,
  forward,
  type HmmRegimeState,
  hmmRegime,
  logLikelihood,
  type Model,
  OnlineEm,
  sample,
  viterbi,
} from '../src/index.ts';
import { gaussian } from './support/models.ts';

const STEP = 300_000;
const make = (options: Record<string, unknown> = {}): Predictor<HmmRegimeState> =>
  hmmRegime.create(hmmRegime.config.parse(options), context) as Predictor<HmmRegimeState>;

function feed(predictor: Predictor<HmmRegimeState>, observations: readonly Observation[], from?: HmmRegimeState): HmmRegimeState {
  let state = from ?? predictor.begin(series(STEP));
  for (const observation of observations) state = predictor.observe(state, observation);
  return state;
}

const poisson = {
  states: 2,
  start: Float64Array.of(0.5, 0.5),
  transition: Float64Array.of(0.9, 0.1, 0.1, 0.9),
  emission: { family: 'poisson', dimensions: 1, rates: Float64Array.of(2, 20) },
} satisfies Model;

describe('decode ignored the options', () => {
  const observations = world(1500, STEP, 100);
  const bytes = make().encode(feed(make(), observations.slice(0, 600)));

  it('states: regimes of another number were kept, and the next fit threw', () => {
    const predictor = make({ states: 4 });
    const state = predictor.decode(bytes);
    expect(state.regimes).toBeUndefined();
    expect(feed(predictor, observations.slice(600), state).regimes?.model.states).toBe(4);
    expect(make().decode(bytes).regimes?.model.states).toBe(3);
  });

  it.each([200, 600, 5000])('window: %i never took effect', (window) => {
    const { residuals, regimes } = make({ window }).decode(bytes);
    expect(residuals.values).toHaveLength(window);
    expect(residuals.toArray()).toEqual(make().decode(bytes).residuals.toArray().slice(-window));
    expect(regimes).toBeDefined();
  });
});

describe('rows of a forecast', () => {
  const random = new SeededRandom('rows');
  let level = 1;
  const observations = world(1500, STEP, 100).map((observation) => {
    if (random.next() < 0.01) level = 5 - level;
    return { ...observation, value: 100 * level * Math.exp(0.05 * random.normal()) };
  });

  it.each([[[1, 24, 96]], [[1, 24, 25]], [[1, 8, 32, 64, 96]]])('depended on which others were asked: %j', (horizon) => {
    const predictor = make({ states: 2 });
    let state = predictor.begin(series(STEP));
    let worst = 0;
    observations.forEach((observation, i) => {
      state = predictor.observe(state, observation);
      if (i < 500 || i % 20 !== 0) return;
      const ask = (steps: number[]): Float64Array =>
        (predictor.forecast(state, request(observations.slice(i, i + 1), STEP, steps)) as Prediction).quantiles;
      const all = ask(horizon);
      horizon.forEach((h, row) => {
        ask([h]).forEach((alone, q) => {
          worst = Math.max(worst, Math.abs(Math.log((all[row * LEVELS.length + q] as number) / alone)));
        });
      });
    });
    expect(worst).toBeLessThan(0.02);
  });
});

describe('fit', () => {
  const levels = (scale: number) => {
    const random = new SeededRandom('scale');
    const values = Float64Array.from({ length: 400 }, (_, i) => scale * ((Math.floor(i / 20) % 2 ? 5 : 1) + 0.2 * random.normal()));
    return { values, dimensions: 1 };
  };

  it.each([1e-9, 1e-6, 1e-3, 1e12])('an absolute variance floor drowned small data: levels times %d', (scale) => {
    const sequence = levels(scale);
    const { model } = fit([sequence], { states: 2, random: new SeededRandom(1) });
    expect(model.emission.means[0]).toBeCloseTo(scale, 1 - Math.log10(scale));
    viterbi(model, sequence).states.forEach((state, t) => {
      expect(state).toBe(Math.floor(t / 20) % 2);
    });
  });

  it('a floor that is a share of rounding alone let a long constant shrink to nothing', () => {
    const sequence = { values: new Float64Array(100_000).fill(0.1), dimensions: 1 };
    const { model } = fit([sequence], { states: 2, random: new SeededRandom(1) });
    expect(Array.from(model.emission.variances)).toEqual([1e-6, 1e-6]);
  });

  const from = gaussian;
  const random = new SeededRandom(1);
  it.each<[string, FitOptions]>([
    ['states', { states: 1, durations: { family: 'poisson', longest: 5 }, random }],
    ['durations', { from, durations: { family: 'poisson', longest: 5 } }],
    ['topology', { from, topology: 'left-right' }],
    ['restarts', { from, restarts: 3 }],
    ['restarts', { states: 2, random, restarts: Number.NaN }],
    ['maxIterations', { from, maxIterations: 0 }],
    ['maxIterations', { from, maxIterations: 2.5 }],
  ])('options were ignored: %s, %#', (name, options) => {
    expect(() => fit([levels(1)], options)).toThrow(RangeError);
    expect(() => fit([levels(1)], options)).toThrow(name);
  });

  it('dimensions that are not whole were taken', () => {
    for (const dimensions of [0.5, 0, -1]) {
      const sequence = { values: Float64Array.of(1, 2, 3, 4), dimensions };
      expect(() => fit([sequence], { states: 2, random })).toThrow('dimensions must be a whole number');
    }
  });

  it('200,000 sequences overflowed the stack', () => {
    const sequences = Array.from({ length: 200_000 }, (_, i) => ({ values: Float64Array.of(i % 3), dimensions: 1 }));
    const { model } = fit(sequences, { states: 2, random, maxIterations: 1 });
    expect(Number.isFinite(logLikelihood(model, sequences))).toBe(true);
    const durations = { family: 'poisson', longest: 2 } as const;
    expect(fit(sequences, { states: 2, random, maxIterations: 1, durations }).iterations).toBe(1);
  }, 60_000);

  it.each([
    ['gaussian', { means: 0, meansWeight: 50, covariances: 2, covariancesWeight: 20, transition: 3 }],
    // Not known: full covariances.
    ['gaussian-full', { means: 0, meansWeight: 50, covariances: 2 }],
  ] as const)('with priors a fall of the likelihood alone ended it at iteration 2: %s', (family, priors) => {
    const { emission } = fit([levels(1)], { states: 2, random: new SeededRandom(1) }).model;
    const { means, variances } = emission;
    const start =
      family === 'gaussian'
        ? emission
        : { family: 'gaussian-full' as const, dimensions: 1, means: means.slice(), covariances: variances.slice() };
    const model = { ...poisson, emission: start } as Model<typeof emission>;
    const { iterations, history } = fit([levels(1)], { from: model, priors });
    expect(history[1]).toBeLessThan(history[0] as number);
    expect(iterations).toBeGreaterThan(2);
  });
});

describe('OnlineEm', () => {
  const learnt = (): OnlineEm => {
    const online = new OnlineEm(gaussian);
    const { values } = sample(gaussian, 3000, new SeededRandom('gap')).sequence;
    for (let t = 0; t < values.length; t++) online.observe(values.subarray(t, t + 1));
    return online;
  };

  it('a gap made it forget', () => {
    const [online, other] = [learnt(), learnt()];
    const before = structuredClone(online.model);
    for (let i = 0; i < 10_000; i++) expect(online.observe(Float64Array.of(Number.NaN))).toBe(0);
    expect(online.model).toEqual(before);
    expect(online.seen).toBe(3000);
    const filter = new Filter(before, other.belief);
    for (let i = 0; i < 10_000; i++) filter.advance();
    online.belief.forEach((p, k) => {
      expect(p).toBeCloseTo(filter.belief[k] as number, 12);
    });
    // One more observation changes little.
    online.observe(Float64Array.of(2.6));
    (online.model as typeof gaussian).emission.means.forEach((mean, k) => {
      expect(Math.abs(mean - ((before as typeof gaussian).emission.means[k] as number))).toBeLessThan(0.02);
    });
  });

  it('missing observations used up the warm-up', () => {
    const online = new OnlineEm(gaussian);
    for (let i = 0; i < 300; i++) online.observe(Float64Array.of(Number.NaN));
    for (const x of [2, 2.1]) online.observe(Float64Array.of(x));
    expect(online.seen).toBe(2);
    expect(online.model).toEqual(gaussian);
  });

  it('impossible observations held the belief still', () => {
    const [online, filter] = [new OnlineEm(poisson), new Filter(poisson)];
    for (const x of [20, 20, 1.5, 1.5, 1.5]) {
      const value = Float64Array.of(x);
      expect(online.observe(value)).toBeCloseTo(filter.observe(value), 12);
    }
    expect(online.belief[0]).toBeCloseTo(filter.belief[0] as number, 12);
    expect(online.seen).toBe(2);
  });
});

describe('viterbi', () => {
  const durations = { family: 'poisson', longest: 20, means: Float64Array.of(4, 4) } as const;
  it.each<[string, Model]>([
    ['a chain', poisson],
    ['durations', { ...poisson, transition: Float64Array.of(0, 1, 1, 0), durations }],
  ])('an impossible observation lost the path: %s', (_, model) => {
    const sequence = { values: Float64Array.of(20, 21, 19, 20, 1.5, 2, 2, 20, 20), dimensions: 1 };
    const { states, logProbability } = viterbi(model, sequence);
    expect(logProbability).toBe(Number.NEGATIVE_INFINITY);
    expect(states.join('').replace(/^(....)./, '$1_')).toBe('1111_0011');
    const gap = { values: sequence.values.map((x) => (x === 1.5 ? Number.NaN : x)), dimensions: 1 };
    expect(states).toEqual(viterbi(model, gap).states);
    expect(forward(model, sequence).logLikelihood).toBe(Number.NEGATIVE_INFINITY);
  });
});

it('bic counted rows in which nothing was observed', () => {
  const values = Float64Array.of(2, 20, 3, 21, 2);
  const longer = new Float64Array(1005).fill(Number.NaN);
  longer.set(values);
  expect(bic(poisson, [{ values: longer, dimensions: 1 }])).toBeCloseTo(bic(poisson, [{ values, dimensions: 1 }]), 9);
});

describe('Filter', () => {
  it('observed what lies past the end', () => {
    const filter = new Filter(poisson);
    for (const at of [2, -1, 0.5]) expect(() => filter.observe(Float64Array.of(2, 3), at)).toThrow(RangeError);
    expect(Array.from(filter.belief)).toEqual([0.5, 0.5]);
  });

  it('remaining answered before the first observation, and for a `most` that is none', () => {
    const filter = new Filter(poisson);
    expect(() => filter.remaining(0, 3)).toThrow('nothing was observed yet');
    filter.observe(Float64Array.of(2));
    expect(filter.remaining(0, 3)).toHaveLength(4);
    for (const most of [0, -1, 1.5, Number.NaN]) expect(() => filter.remaining(0, most)).toThrow('most');
  });
});
