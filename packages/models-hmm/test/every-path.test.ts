import { SeededRandom } from '@auspex/numerics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Filter, forward, logLikelihood, type Model, posteriors, reorderStates, type Sequence, sample, viterbi } from '../src/index.ts';
import { gaussian, MODELS, textbook } from './support/models.ts';

/* Against the sum and the maximum over every path: the definition, without any recursion. */

const LENGTH = 6;

function everyPath({ states, start, transition, emission }: Model, { values }: Sequence): { path: number[]; log: number }[] {
  const length = values.length / emission.dimensions;
  const rows = Array.from({ length }, (_, t) => Array.from(values.subarray(t * emission.dimensions, (t + 1) * emission.dimensions)));
  const logs = rows.map((row) => Array.from({ length: states }, (_, k) => textbook(emission, k, row)));
  return Array.from({ length: states ** length }, (_, code) => {
    const path = Array.from({ length }, (__, t) => Math.floor(code / states ** (length - 1 - t)) % states);
    let log = 0;
    path.forEach((k, t) => {
      log += Math.log(t === 0 ? (start[k] as number) : (transition[(path[t - 1] as number) * states + k] as number));
      log += logs[t]?.[k] as number;
    });
    return { path, log };
  });
}

describe.each(MODELS)('%s', (_, model) => {
  const { dimensions } = model.emission;
  const { values } = sample(model, LENGTH, new SeededRandom('tiny')).sequence;
  // One dimension of the third row and the whole of the fourth were not observed.
  values[2 * dimensions] = Number.NaN;
  values.fill(Number.NaN, 3 * dimensions, 4 * dimensions);
  const sequence = { values, dimensions };
  const paths = everyPath(model, sequence);
  const total = Math.log(paths.reduce((sum, { log }) => sum + Math.exp(log), 0));

  it('the likelihood is the sum over paths', () => {
    expect(forward(model, sequence).logLikelihood).toBeCloseTo(total, 10);
    expect(logLikelihood(model, [sequence, sequence])).toBeCloseTo(2 * total, 10);
  });

  it('the filter takes the sequence in step by step', () => {
    const filter = new Filter(model);
    const { filtered } = forward(model, sequence);
    let sum = 0;
    for (let t = 0; t < LENGTH; t++) {
      sum += filter.observe(values, t * dimensions);
      for (let k = 0; k < model.states; k++) expect(filter.belief[k]).toBeCloseTo(filtered[t * model.states + k] as number, 10);
    }
    expect(sum).toBeCloseTo(total, 10);
  });

  it('viterbi finds the likeliest path', () => {
    const best = paths.reduce((a, b) => (b.log > a.log ? b : a));
    const found = viterbi(model, sequence);
    expect(Array.from(found.states)).toEqual(best.path);
    expect(found.logProbability).toBeCloseTo(best.log, 10);
  });

  it('posteriors are the shares of the paths through a state', () => {
    const gamma = posteriors(model, sequence);
    for (let t = 0; t < LENGTH; t++) {
      for (let k = 0; k < model.states; k++) {
        const share = paths.filter(({ path }) => path[t] === k).reduce((sum, { log }) => sum + Math.exp(log - total), 0);
        expect(gamma[t * model.states + k]).toBeCloseTo(share, 10);
      }
    }
  });

  it('states in another order are the same model', () => {
    const order = Array.from({ length: model.states }, (__, k) => (k + 1) % model.states);
    const other = reorderStates(model, order);
    expect(logLikelihood(other, [sequence])).toBeCloseTo(total, 10);
    expect(Array.from(viterbi(other, sequence).states, (k) => order[k])).toEqual(Array.from(viterbi(model, sequence).states));
  });
});

describe('any chain', () => {
  const row = (states: number) =>
    fc.array(fc.integer({ min: 1, max: 20 }), { minLength: states, maxLength: states }).map((parts) => {
      const sum = parts.reduce((a, b) => a + b, 0);
      return parts.map((part) => part / sum);
    });
  const chain = fc.integer({ min: 1, max: 5 }).chain((states) =>
    fc.record({
      start: row(states),
      transition: fc.array(row(states), { minLength: states, maxLength: states }),
      means: fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: states, maxLength: states }),
      variances: fc.array(fc.double({ min: 0.05, max: 4, noNaN: true }), { minLength: states, maxLength: states }),
      values: fc.array(fc.oneof({ weight: 9, arbitrary: fc.double({ min: -9, max: 9, noNaN: true }) }, fc.constant(Number.NaN)), {
        minLength: 1,
        maxLength: 4,
      }),
    }),
  );

  it('sums over paths, and rows sum to 1', () => {
    fc.assert(
      fc.property(chain, ({ start, transition, means, variances, values }) => {
        const model: Model = {
          states: start.length,
          start: Float64Array.from(start),
          transition: Float64Array.from(transition.flat()),
          emission: { family: 'gaussian', dimensions: 1, means: Float64Array.from(means), variances: Float64Array.from(variances) },
        };
        const sequence = { values: Float64Array.from(values), dimensions: 1 };
        const logs = everyPath(model, sequence).map(({ log }) => log);
        const largest = Math.max(...logs);
        const total = largest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - largest), 0));
        expect(Math.abs(logLikelihood(model, [sequence]) - total)).toBeLessThan(1e-11 * (1 + Math.abs(total)));
        for (const rows of [posteriors(model, sequence), forward(model, sequence).filtered]) {
          for (let t = 0; t < values.length; t++) {
            const sum = rows.subarray(t * model.states, (t + 1) * model.states).reduce((a, b) => a + b, 0);
            expect(sum).toBeCloseTo(1, 10);
          }
        }
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});

describe('at the edge of doubles', () => {
  it('an outlier that no density reaches', () => {
    for (const far of [60, 1e5, 1e100]) {
      const values = Float64Array.of(0, far, 0);
      const sequence = { values, dimensions: 1 };
      const filter = new Filter(gaussian);
      const steps = [0, 1, 2].reduce((sum, t) => sum + filter.observe(values, t), 0);
      expect(Number.isFinite(steps)).toBe(true);
      expect(logLikelihood(gaussian, [sequence]) / steps).toBeCloseTo(1, 10);
      expect(forward(gaussian, sequence).logLikelihood / steps).toBeCloseTo(1, 10);
      expect(posteriors(gaussian, sequence).every(Number.isFinite)).toBe(true);
    }
  });

  it('a left-right chain that has yet to reach the state which explains what is seen', () => {
    const late = { ...gaussian, start: Float64Array.of(1, 0, 0), transition: Float64Array.of(0.7, 0.3, 0, 0, 0.8, 0.2, 0, 0, 1) };
    const sequence = { values: Float64Array.of(10, 10, 2), dimensions: 1 };
    const { path, log } = everyPathInLogs(late, sequence);
    expect(logLikelihood(late, [sequence])).toBeCloseTo(log, 8);
    expect(Array.from(viterbi(late, sequence).states)).toEqual(path);
    expect(posteriors(late, sequence)[0]).toBe(1);
  });

  it('what is impossible has likelihood 0 and is passed over', () => {
    const model = {
      ...gaussian,
      emission: { family: 'categorical', dimensions: 1, symbols: 2, probabilities: Float64Array.of(1, 0, 1, 0, 1, 0) },
    } as const;
    const sequence = { values: Float64Array.of(0, 1, 0), dimensions: 1 };
    const { logLikelihood: log, filtered } = forward(model, sequence);
    expect(log).toBe(Number.NEGATIVE_INFINITY);
    expect(logLikelihood(model, [sequence])).toBe(Number.NEGATIVE_INFINITY);
    const filter = new Filter(model);
    expect([0, 1, 2].map((t) => filter.observe(sequence.values, t))).toEqual([
      expect.closeTo(0, 12),
      Number.NEGATIVE_INFINITY,
      expect.closeTo(0, 12),
    ]);
    for (let k = 0; k < 3; k++) expect(filtered[6 + k]).toBeCloseTo(filter.belief[k] as number, 12);
    expect(posteriors(model, sequence).every(Number.isFinite)).toBe(true);
  });

  it('a long sequence of two dimensions under- and overflows nowhere', () => {
    const { sequence } = sample(gaussian, 20_000, new SeededRandom('long'));
    const wide = { values: Float64Array.from({ length: 40_000 }, (_, i) => sequence.values[i >> 1] as number), dimensions: 2 };
    const double: Model = {
      ...gaussian,
      emission: {
        family: 'gaussian',
        dimensions: 2,
        means: Float64Array.of(-1, -1, 0, 0, 2, 2),
        variances: Float64Array.of(0.04, 0.04, 0.09, 0.09, 0.25, 0.25),
      },
    };
    const filter = new Filter(double);
    let steps = 0;
    for (let t = 0; t < 20_000; t++) steps += filter.observe(wide.values, 2 * t);
    expect(logLikelihood(double, [wide]) / steps).toBeCloseTo(1, 10);
  });

  it('nothing: likelihood 1, no path', () => {
    const empty = { values: new Float64Array(0), dimensions: 1 };
    expect(forward(gaussian, empty).logLikelihood).toBe(0);
    expect(logLikelihood(gaussian, [empty])).toBe(0);
    expect(posteriors(gaussian, empty)).toEqual(new Float64Array(0));
    expect(viterbi(gaussian, empty)).toEqual({ states: new Uint16Array(0), logProbability: 0 });
  });

  it('refuses a sequence of other dimensions', () => {
    const wide = { values: new Float64Array(4), dimensions: 2 };
    for (const ask of [() => forward(gaussian, wide), () => posteriors(gaussian, wide), () => viterbi(gaussian, wide)])
      expect(ask).toThrow('2 dimensions, the model 1');
    expect(() => forward(gaussian, { values: new Float64Array(3), dimensions: 2 })).toThrow(RangeError);
  });
});

/** As `everyPath` where densities leave the range of a double. */
function everyPathInLogs({ states, start, transition, emission }: typeof gaussian, { values }: Sequence): { path: number[]; log: number } {
  const logs: { path: number[]; log: number }[] = [];
  for (let code = 0; code < states ** values.length; code++) {
    const path = Array.from(values, (_, t) => Math.floor(code / states ** (values.length - 1 - t)) % states);
    let log = 0;
    path.forEach((k, t) => {
      const variance = emission.variances[k] as number;
      log += Math.log(t === 0 ? (start[k] as number) : (transition[(path[t - 1] as number) * states + k] as number));
      log += -0.5 * Math.log(2 * Math.PI * variance) - ((values[t] as number) - (emission.means[k] as number)) ** 2 / (2 * variance);
    });
    logs.push({ path, log });
  }
  const best = logs.reduce((a, b) => (b.log > a.log ? b : a));
  return { path: best.path, log: best.log + Math.log(logs.reduce((sum, { log }) => sum + Math.exp(log - best.log), 0)) };
}
