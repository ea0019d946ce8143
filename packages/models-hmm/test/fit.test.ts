import { SeededRandom } from '@auspex/numerics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkModel,
  type DurationChoice,
  type Durations,
  type Emission,
  type EmissionChoice,
  type Fit,
  fit,
  freeParameters,
  leftRight,
  logLikelihood,
  type Model,
  reorderStates,
  type Sequence,
  sample,
} from '../src/index.ts';
import { initialise } from '../src/initialise.ts';
import { gaussian, MODELS } from './support/models.ts';

const choiceOf = (emission: Emission): EmissionChoice => {
  if (emission.family === 'categorical') return { family: 'categorical', symbols: emission.symbols };
  if (emission.family === 'gaussian-mixture') return { family: 'gaussian-mixture', components: emission.components };
  return { family: emission.family };
};

/** Data of a model in two sequences, of which a share was not observed. */
function dataOf(model: Model, length: number, seed: string, unseen = 0.1): Sequence[] {
  const random = new SeededRandom(seed);
  return [length, Math.floor(length / 2)].map((rows) => {
    const { sequence } = sample(model, rows, random);
    for (let i = 0; i < sequence.values.length; i++) if (random.next() < unseen) sequence.values[i] = Number.NaN;
    return sequence;
  });
}

function expectRising(history: readonly number[]): void {
  for (let i = 1; i < history.length; i++) {
    const [before, now] = [history[i - 1] as number, history[i] as number];
    if (now < before - 1e-8 * Math.abs(before)) expect.fail(`iteration ${i + 1} fell from ${before} to ${now}`);
  }
}

const DURATIONS: readonly (Durations['family'] | 'none')[] = ['none', 'table', 'poisson', 'negative-binomial'];

describe.each(MODELS)('%s', (_, model) => {
  it.each(DURATIONS)('EM never lowers the likelihood; durations: %s', (family) => {
    for (const seed of ['a', 'b', 'c']) {
      const sequences = dataOf(model, family === 'none' ? 300 : 120, seed);
      const { history, model: found } = fit<Emission['family']>(sequences, {
        states: model.states,
        emission: choiceOf(model.emission),
        random: new SeededRandom(seed),
        maxIterations: 25,
        tolerance: 1e-9,
        varianceFloor: 1e-9,
        ...(family === 'none' ? {} : { durations: { family, longest: 12 } }),
      });
      expect(history.length).toBeGreaterThan(3);
      expectRising(history);
      expect(() => checkModel(found)).not.toThrow();
    }
  });

  it('climbs from its truth, and the fit knows its own likelihood', () => {
    const sequences = dataOf(model, 200, 'truth');
    const { history, model: found } = fit<Emission['family']>(sequences, {
      from: model as never,
      maxIterations: 4,
      tolerance: Number.NEGATIVE_INFINITY,
    });
    expect(history[0]).toBeCloseTo(logLikelihood(model, sequences), 8);
    const more = fit<Emission['family']>(sequences, { from: found as never, maxIterations: 1 });
    expect(more.history[0]).toBeCloseTo(logLikelihood(found, sequences), 8);
    expectRising([...history, ...more.history]);
  });
});

describe('what fits find', () => {
  const close = (found: Float64Array, truth: Float64Array, within: number): void =>
    truth.forEach((value, i) => {
      expect(Math.abs((found[i] as number) - value), `${i}: ${found[i]}, not ${value}`).toBeLessThan(within * Math.max(1, Math.abs(value)));
    });

  it('normals', () => {
    const { model, converged } = fit(dataOf(gaussian, 8000, 'recover'), { states: 3, random: new SeededRandom(1) });
    expect(converged).toBe(true);
    close(model.emission.means, gaussian.emission.means, 0.05);
    close(model.emission.variances, gaussian.emission.variances, 0.05);
    close(model.transition, gaussian.transition, 0.03);
  });

  const byName = (name: string): Model => MODELS.find(([each]) => each === name)?.[1] as Model;

  it('full covariances, a third unseen: the rest is not taken for its mean', () => {
    const truth = byName('gaussian-full, 2-D') as Model<Extract<Emission, { family: 'gaussian-full' }>>;
    const { model } = fit(dataOf(truth, 8000, 'full', 0.3), {
      states: 2,
      emission: { family: 'gaussian-full' },
      random: new SeededRandom(1),
      maxIterations: 200,
    });
    close(model.emission.covariances, truth.emission.covariances, 0.15);
    close(model.emission.means, truth.emission.means, 0.15);
  });

  it('counts that vary more than their mean', () => {
    const truth = byName('negative-binomial') as Model<Extract<Emission, { family: 'negative-binomial' }>>;
    const { model } = fit(dataOf(truth, 8000, 'counts'), {
      states: 2,
      emission: { family: 'negative-binomial' },
      random: new SeededRandom(1),
      maxIterations: 200,
    });
    close(model.emission.means, truth.emission.means, 0.1);
    close(model.emission.sizes, truth.emission.sizes, 0.15);
  });

  it('counts that vary no more: the size goes to its bound and the fit is Poisson', () => {
    const values = Float64Array.from({ length: 400 }, (_, i) => (i % 100 < 50 ? 4 : 30) + (i % 2));
    const sequences = [{ values, dimensions: 1 }];
    const { model } = fit(sequences, { states: 2, emission: { family: 'negative-binomial' }, random: new SeededRandom(1) });
    for (const size of model.emission.sizes) expect(size).toBeGreaterThan(1e5);
    const rates = model.emission.means;
    const poisson: Model = { ...model, emission: { family: 'poisson', dimensions: 1, rates } };
    expect(logLikelihood(model, sequences)).toBeCloseTo(logLikelihood(poisson, sequences), 1);
  });

  it('the size is where the slope of the likelihood is 0', () => {
    const truth = byName('negative-binomial') as Model<Extract<Emission, { family: 'negative-binomial' }>>;
    const sequences = dataOf(truth, 500, 'slope');
    const { model } = fit(sequences, { from: truth, tolerance: 1e-12, maxIterations: 2000 });
    const at = (k: number, field: 'means' | 'sizes', factor: number): number => {
      const emission = { ...model.emission, [field]: model.emission[field].map((value, i) => (i === k ? value * factor : value)) };
      return logLikelihood({ ...model, emission }, sequences);
    };
    for (const field of ['means', 'sizes'] as const) {
      for (let k = 0; k < 2; k++) {
        const slope = (at(k, field, 1 + 1e-4) - at(k, field, 1 - 1e-4)) / 2e-4;
        expect(Math.abs(slope), `${field} ${k}`).toBeLessThan(2e-3);
      }
    }
  });

  it('symbols', () => {
    const truth = byName('categorical');
    const sequences = dataOf(truth, 6000, 'symbols');
    const { model, logLikelihood: log } = fit(sequences, {
      states: 2,
      emission: { family: 'categorical', symbols: 3 },
      random: new SeededRandom(4),
      restarts: 4,
      maxIterations: 300,
    });
    expect(log).toBeGreaterThan(logLikelihood(truth, sequences) - 5);
    const order = (model.emission.probabilities[0] as number) > 0.3 ? [0, 1] : [1, 0];
    close(reorderStates(model, order).emission.probabilities, Float64Array.of(0.6, 0.3, 0.1, 0.1, 0.2, 0.7), 0.08);
  });

  it('restarts keep the likeliest', () => {
    const truth = byName('categorical');
    const sequences = dataOf(truth, 300, 'restarts');
    const options = { states: 3, emission: { family: 'categorical', symbols: 3 }, maxIterations: 30 } as const;
    const random = new SeededRandom('restarts');
    const all = fit(sequences, { ...options, random, restarts: 6 });
    const singles = [new SeededRandom('restarts'), ...[1, 2, 3, 4, 5].map((i) => new SeededRandom('restarts').fork(`restart ${i}`))].map(
      (each) => fit(sequences, { ...options, random: each }).logLikelihood,
    );
    expect(all.logLikelihood).toBe(Math.max(...singles));
    expect(new Set(singles).size).toBeGreaterThan(1);
  });
});

describe('start values', () => {
  const level = (value: number): Sequence => ({
    values: Float64Array.from({ length: 50 }, (_, i) => value + 0.1 * Math.sin(i)),
    dimensions: 1,
  });
  const begin = (sequences: readonly Sequence[], durations?: DurationChoice) => {
    const choice = { states: 2, emission: { family: 'gaussian' }, floors: Float64Array.of(1e-6), ...(durations && { durations }) } as const;
    return initialise<'gaussian'>(sequences, choice, new SeededRandom(1));
  };

  it('count no move from the end of one sequence to the start of the next', () => {
    const model = begin([level(0), level(10), level(0)]);
    expect(Array.from(model.transition)).toEqual([99 / 100, 1 / 100, 1 / 51, 50 / 51].map((p) => expect.closeTo(p, 12)));
    expect(Array.from(model.emission.means)).toEqual([expect.closeTo(0, 1), expect.closeTo(10, 1)]);
  });

  it('take durations from runs', () => {
    const values = Float64Array.from({ length: 40 }, (_, i) => (i % 10 < 3 ? 10 : 0) + 0.1 * Math.sin(i));
    const model = begin([{ values, dimensions: 1 }], { family: 'table', longest: 10 });
    const table = model.durations?.family === 'table' ? model.durations.probabilities : new Float64Array(0);
    expect(table.subarray(0, 10).indexOf(Math.max(...table.subarray(0, 10)))).toBe(6);
    expect(table.subarray(10).indexOf(Math.max(...table.subarray(10)))).toBe(2);
    expect(model.transition).toEqual(Float64Array.of(0, 1, 1, 0));
  });
});

describe('what fits keep', () => {
  it('is decided by its seed, and leaves its start alone', () => {
    const sequences = dataOf(gaussian, 400, 's');
    const once = fit(sequences, { states: 3, random: new SeededRandom(5) });
    expect(fit(sequences, { states: 3, random: new SeededRandom(5) })).toEqual(once);
    const before = structuredClone(gaussian);
    fit(sequences, { from: gaussian, maxIterations: 3 });
    expect(gaussian).toEqual(before);
  });

  it('zeros of a left-right chain, whatever the prior', () => {
    const chain = leftRight(3, 0.95);
    const sequences = ['a', 'b', 'c'].map((seed) => sample({ ...gaussian, ...chain }, 80, new SeededRandom(seed)).sequence);
    const { model, history } = fit(sequences, {
      states: 3,
      topology: 'left-right',
      random: new SeededRandom(1),
      priors: { transition: 2, start: 2 },
    });
    expect(Array.from(model.start)).toEqual([1, 0, 0]);
    for (const i of [2, 3, 6, 7]) expect(model.transition[i]).toBe(0);
    expect(history.length).toBeGreaterThan(2);
    expect(freeParameters(model)).toBe(0 + 2 + 6);
    model.emission.means.forEach((mean, k) => {
      expect(mean).toBeCloseTo(gaussian.emission.means[k] as number, 0);
    });
  });

  it('is the same whatever states are called', () => {
    const sequences = dataOf(gaussian, 300, 'names');
    const found = fit(sequences, { from: gaussian, maxIterations: 5, tolerance: -1 });
    const other = fit(sequences, { from: reorderStates(gaussian, [2, 0, 1]), maxIterations: 5, tolerance: -1 });
    other.history.forEach((log, i) => {
      expect(log).toBeCloseTo(found.history[i] as number, 6);
    });
    expect(Array.from(reorderStates(other.model, [1, 2, 0]).emission.means)).toEqual(
      Array.from(found.model.emission.means, (m) => expect.closeTo(m, 9)),
    );
  });

  it('a Dirichlet prior is so many moves more', () => {
    const values = Float64Array.from({ length: 200 }, (_, i) => (i < 100 ? 0 : 10) + Math.sin(i));
    const { model } = fit([{ values, dimensions: 1 }], { states: 2, random: new SeededRandom(1), priors: { transition: 11 } });
    expect(Array.from(model.transition)).toEqual([109 / 120, 11 / 120, 10 / 119, 109 / 119].map((p) => expect.closeTo(p, 6)));
  });

  it.each([
    ['a constant', new Float64Array(50).fill(7)],
    ['one point', Float64Array.of(3)],
    ['nothing but gaps', new Float64Array(20).fill(Number.NaN)],
    ['huge values', Float64Array.from({ length: 40 }, (_, i) => 1e9 + (i % 2) * 1e8)],
  ])('stays whole on %s', (_, values) => {
    for (const emission of [
      { family: 'gaussian' },
      { family: 'gaussian-full' },
      { family: 'poisson' },
      { family: 'negative-binomial' },
      { family: 'gaussian-mixture', components: 2 },
    ] as const) {
      const { model } = fit<Emission['family']>([{ values, dimensions: 1 }], {
        states: 3,
        emission,
        random: new SeededRandom(1),
        maxIterations: 20,
      });
      expect(() => checkModel(model), emission.family).not.toThrow();
    }
  });

  it('a variance never falls below its share', () => {
    const values = Float64Array.from({ length: 200 }, (_, i) => (i < 100 ? 5 : Math.sin(i)));
    const { model, history } = fit([{ values, dimensions: 1 }], { states: 2, random: new SeededRandom(1), varianceFloor: 0.01 });
    const mean = values.reduce((a, b) => a + b) / 200;
    const share = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 200 / 100;
    expect(Math.min(...model.emission.variances)).toBeCloseTo(share, 10);
    expectRising(history);
    const pairs = Float64Array.from({ length: 400 }, (_, i) => values[i >> 1] as number);
    const full = fit([{ values: pairs, dimensions: 2 }], {
      states: 2,
      emission: { family: 'gaussian-full' },
      random: new SeededRandom(1),
      varianceFloor: 0.01,
    });
    const [a, b, , c] = full.model.emission.covariances.subarray(0, 4) as unknown as [number, number, number, number];
    // Both dimensions are the same: across them the covariance stands on its floor.
    expect((a + c) / 2 - b).toBeCloseTo(share, 8);
    expectRising(full.history);
  });
});

describe('what fits refuse', () => {
  const random = new SeededRandom(1);
  const one = (values: readonly number[], dimensions = 1): Sequence[] => [{ values: Float64Array.from(values), dimensions }];
  it.each<[string, () => Fit]>([
    ['nothing to fit', () => fit([], { states: 2, random })],
    ['nothing to fit', () => fit(one([]), { states: 2, random })],
    ['whole rows', () => fit(one([1, 2, 3], 2), { states: 2, random })],
    ['`from`', () => fit(one([1]), { states: 2 })],
    ['has 3 states, not 2', () => fit(one([1]), { states: 2, from: gaussian })],
    ['2 dimensions, the model 1', () => fit(one([1, 2], 2), { from: gaussian })],
    ['emission family gaussian', () => fit<Emission['family']>(one([1]), { from: gaussian, emission: { family: 'poisson' } })],
    ['same dimensions', () => fit([...one([1]), ...one([1, 2], 2)], { states: 2, random })],
    ['value 1 of sequence 0, 1.5, is no count', () => fit(one([1, 1.5]), { states: 2, emission: { family: 'poisson' }, random })],
    ['-1, is no count', () => fit(one([-1]), { states: 2, emission: { family: 'negative-binomial' }, random })],
    [
      '3, is no symbol: a whole number below 3',
      () => fit(one([3]), { states: 2, emission: { family: 'categorical', symbols: 3 }, random }),
    ],
    ['out of range', () => fit(one([1, Number.POSITIVE_INFINITY]), { states: 2, random })],
    ['restarts', () => fit(one([1]), { states: 2, random, restarts: 0 })],
    ['left-right', () => fit(one([1]), { states: 2, random, topology: 'left-right', durations: { family: 'table', longest: 3 } })],
    ['varianceFloor', () => fit(one([1]), { states: 2, random, varianceFloor: -1 })],
    ['the prior of transition', () => fit(one([1]), { states: 2, random, priors: { transition: new Float64Array(3) } })],
  ])('%s', (message, ask) => {
    expect(ask).toThrow(RangeError);
    expect(ask).toThrow(message);
  });

  it.each<[string, Model]>([
    ['start', { ...gaussian, start: Float64Array.of(0.5, 0.5) }],
    ['transition', { ...gaussian, transition: gaussian.transition.map((p, i) => (i === 0 ? p + 0.1 : p)) }],
    ['transition', { ...gaussian, transition: gaussian.transition.map((p, i) => (i === 0 ? -p : p)) }],
    ['means', { ...gaussian, emission: { ...gaussian.emission, means: Float64Array.of(0, 1, Number.NaN) } }],
    ['variances', { ...gaussian, emission: { ...gaussian.emission, variances: Float64Array.of(1, 1, 0) } }],
    ['states', { ...gaussian, states: 0 }],
    ['dimensions', { ...gaussian, emission: { ...gaussian.emission, dimensions: 0.5 } }],
    ['family', { ...gaussian, emission: { ...gaussian.emission, family: 'cauchy' } as never }],
    ['diagonal', { ...gaussian, durations: { family: 'poisson', longest: 4, means: Float64Array.of(1, 1, 1) } }],
  ])('checkModel names the broken part: %s', (part, model) => {
    expect(() => checkModel(model)).toThrow(part);
  });

  it('covariances that are none', () => {
    const of = (...covariances: number[]): Model => ({
      states: 1,
      start: Float64Array.of(1),
      transition: Float64Array.of(1),
      emission: { family: 'gaussian-full', dimensions: 2, means: Float64Array.of(0, 0), covariances: Float64Array.from(covariances) },
    });
    expect(() => checkModel(of(1, 2, 2, 1))).toThrow('positive definite');
    expect(() => checkModel(of(1, 0.5, 0, 1))).toThrow('symmetric');
  });
});

it('any chain: EM never lowers the likelihood and rows sum to 1', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(
        fc.array(fc.oneof({ weight: 9, arbitrary: fc.double({ min: -20, max: 20, noNaN: true }) }, fc.constant(Number.NaN)), {
          minLength: 1,
          maxLength: 30,
        }),
        { minLength: 1, maxLength: 3 },
      ),
      fc.integer(),
      (states, rows, seed) => {
        const sequences = rows.map((values) => ({ values: Float64Array.from(values), dimensions: 1 }));
        const { model, history } = fit(sequences, { states, random: new SeededRandom(seed), maxIterations: 15, tolerance: -1 });
        expectRising(history);
        checkModel(model);
      },
    ),
    { seed: 11, numRuns: 150 },
  );
});
