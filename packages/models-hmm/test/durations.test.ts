import { SeededRandom } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import {
  type Durations,
  Filter,
  fit,
  forward,
  freeParameters,
  logLikelihood,
  type Model,
  posteriors,
  sample,
  viterbi,
} from '../src/index.ts';
import { MODELS, textbook } from './support/models.ts';

const f = (...values: number[]): Float64Array => Float64Array.from(values);
const LONGEST = 4;

/** P(a visit lasts d steps), d = 1 .. 4, from the textbook. */
function lasting(durations: Durations, k: number): number[] {
  const weights = Array.from({ length: durations.longest }, (_, d) => {
    if (durations.family === 'table') return durations.probabilities[k * durations.longest + d] as number;
    const mean = durations.means[k] as number;
    let weight = 1;
    for (let i = 1; i <= d; i++) {
      if (durations.family === 'poisson') weight *= mean / i;
      else weight *= (((durations.sizes[k] as number) + i - 1) / i) * (mean / (mean + (durations.sizes[k] as number)));
    }
    return weight;
  });
  const total = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / total);
}

const KINDS: readonly Durations[] = [
  { family: 'table', longest: LONGEST, probabilities: f(0.1, 0.2, 0.3, 0.4, 0.5, 0, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25) },
  { family: 'poisson', longest: LONGEST, means: f(0.5, 2, 1) },
  { family: 'negative-binomial', longest: LONGEST, means: f(0.5, 2, 1), sizes: f(0.7, 3, 1) },
];

/** A model of the list with durations: what stayed goes elsewhere. */
function lastingModel(model: Model, durations: Durations): Model {
  const { states } = model;
  const transition = model.transition.map((p, i) => (i % (states + 1) === 0 ? 0 : p + 0.05));
  for (let row = 0; row < transition.length; row += states) {
    const sum = transition.subarray(row, row + states).reduce((a, b) => a + b);
    for (let j = 0; j < states; j++) transition[row + j] = (transition[row + j] as number) / sum;
  }
  const cut = (values: Float64Array, width: number): Float64Array => values.slice(0, states * width);
  const held =
    durations.family === 'table'
      ? { ...durations, probabilities: cut(durations.probabilities, LONGEST) }
      : durations.family === 'poisson'
        ? { ...durations, means: cut(durations.means, 1) }
        : { ...durations, means: cut(durations.means, 1), sizes: cut(durations.sizes, 1) };
  return { ...model, transition, durations: held };
}

/** Every way to divide `length` steps into visits, of which the last may go on. */
function everyPath(model: Model, values: Float64Array): { path: number[]; log: number }[] {
  const { states, start, transition, emission } = model;
  const durations = model.durations as Durations;
  const length = values.length / emission.dimensions;
  const tables = Array.from({ length: states }, (_, k) => lasting(durations, k));
  const density = (t: number, k: number): number =>
    textbook(emission, k, Array.from(values.subarray(t * emission.dimensions, (t + 1) * emission.dimensions)));
  const found: { path: number[]; log: number }[] = [];
  const walk = (path: number[], log: number, before: number): void => {
    const t = path.length;
    if (t === length) {
      found.push({ path, log });
      return;
    }
    for (let k = 0; k < states; k++) {
      const arrival = Math.log((before < 0 ? start[k] : transition[before * states + k]) as number);
      if (arrival === Number.NEGATIVE_INFINITY) continue;
      const table = tables[k] as number[];
      for (let d = 1; d <= durations.longest && t + d <= length; d++) {
        // The last visit lasts d steps or more.
        const p = t + d === length ? table.slice(d - 1).reduce((a, b) => a + b) : (table[d - 1] as number);
        if (p === 0) continue;
        let seen = 0;
        for (let s = t; s < t + d; s++) seen += density(s, k);
        walk([...path, ...new Array<number>(d).fill(k)], log + arrival + Math.log(p) + seen, k);
      }
    }
  };
  walk([], 0, -1);
  return found;
}

describe.each(KINDS)('durations $family', (durations) => {
  describe.each(MODELS.filter(([name]) => name !== 'left-right'))('%s', (_, plain) => {
    const model = lastingModel(plain, durations);
    const { dimensions } = model.emission;
    const length = 7;
    const { values } = sample(model, length, new SeededRandom('lasting')).sequence;
    values.fill(Number.NaN, 3 * dimensions, 4 * dimensions);
    const sequence = { values, dimensions };
    const paths = everyPath(model, values);
    const largest = Math.max(...paths.map(({ log }) => log));
    const total = largest + Math.log(paths.reduce((sum, { log }) => sum + Math.exp(log - largest), 0));

    it('forward, filter, viterbi and posteriors are those of all paths', () => {
      expect(forward(model, sequence).logLikelihood).toBeCloseTo(total, 9);
      expect(logLikelihood(model, [sequence, sequence])).toBeCloseTo(2 * total, 9);
      const filter = new Filter(model);
      let sum = 0;
      for (let t = 0; t < length; t++) sum += filter.observe(values, t * dimensions);
      expect(sum).toBeCloseTo(total, 9);
      const best = paths.reduce((a, b) => (b.log > a.log ? b : a));
      expect(viterbi(model, sequence).logProbability).toBeCloseTo(best.log, 9);
      // Of paths that are equally likely any will do.
      const named = viterbi(model, sequence).states.join();
      expect(paths.find(({ path }) => path.join() === named)?.log).toBeCloseTo(best.log, 9);
      const gamma = posteriors(model, sequence);
      for (let t = 0; t < length; t++) {
        for (let k = 0; k < model.states; k++) {
          const share = paths.filter(({ path }) => path[t] === k).reduce((all, { log }) => all + Math.exp(log - total), 0);
          expect(gamma[t * model.states + k]).toBeCloseTo(share, 9);
        }
      }
      for (let k = 0; k < model.states; k++) expect(filter.belief[k]).toBeCloseTo(gamma[(length - 1) * model.states + k] as number, 9);
    });
  });
});

const surges: Model = {
  states: 2,
  start: f(0.9, 0.1),
  transition: f(0, 1, 1, 0),
  emission: { family: 'gaussian', dimensions: 1, means: f(0, 2), variances: f(0.3, 0.3) },
  durations: { family: 'negative-binomial', longest: 60, means: f(20, 9), sizes: f(4, 30) },
};

describe('how long a visit goes on', () => {
  it('is the share of futures that stay', () => {
    const filter = new Filter(surges);
    const values = f(0.1, -0.2, 2.1, 1.8, 2.2);
    for (let t = 0; t < values.length; t++) filter.observe(values, t);
    const remaining = filter.remaining(1, 30);
    expect(remaining).toHaveLength(31);
    expect(remaining.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    // The surge has lasted 3 steps for all but sure: P(3 + r | at least 3).
    const table = lasting(surges.durations as Durations, 1);
    const alive = table.slice(2).reduce((a, b) => a + b);
    for (const r of [0, 1, 5, 10]) expect(remaining[r]).toBeCloseTo((table[2 + r] as number) / alive, 2);
    expect(filter.remaining(1, 3)[3]).toBeCloseTo(
      remaining.slice(3).reduce((a, b) => a + b),
      12,
    );
  });

  it('without durations is geometric', () => {
    const filter = new Filter({ ...surges, transition: f(0.9, 0.1, 0.25, 0.75), durations: undefined } as unknown as Model);
    filter.observe(f(2));
    expect(Array.from(filter.remaining(1, 2))).toEqual([0.25, 0.1875, 0.5625].map((p) => expect.closeTo(p, 12)));
  });

  it('is asked of a state that the chain may be in, after an observation', () => {
    expect(() => new Filter(surges).remaining(0, 5)).toThrow('nothing was observed');
    expect(() => new Filter(surges).remaining(7, 5)).toThrow('state 7');
    expect(() => new Filter(surges, f(1, 0))).toThrow('durations');
  });
});

describe('fits', () => {
  const sequences = ['a', 'b'].map((seed) => sample(surges, 6000, new SeededRandom(seed)).sequence);

  it('finds durations of each family', () => {
    const mean = (durations: Durations, k: number): number => lasting(durations, k).reduce((sum, p, d) => sum + p * (d + 1), 0);
    const truth = surges.durations as Durations;
    const logs = (['table', 'poisson', 'negative-binomial'] as const).map((family) => {
      const { model, history } = fit(sequences, {
        states: 2,
        durations: { family, longest: 60 },
        random: new SeededRandom(1),
        maxIterations: 30,
      });
      for (let k = 0; k < 2; k++)
        expect(Math.abs(mean(model.durations as Durations, k) / mean(truth, k) - 1), `${family} ${k}`).toBeLessThan(0.08);
      expect(model.transition).toEqual(f(0, 1, 1, 0));
      return history.at(-1) as number;
    });
    // A plain chain has geometric visits only, a table the most freedom.
    const plain = fit(sequences, { states: 2, random: new SeededRandom(1) });
    expect(logs[2]).toBeGreaterThan(plain.logLikelihood);
    expect(logs[0]).toBeGreaterThan(logs[2] as number);
    expect(logs[2]).toBeGreaterThan(logs[1] as number);
  });

  it('counts what is free', () => {
    expect(freeParameters(surges)).toBe(1 + 0 + 4 + 4);
    expect(freeParameters(lastingModel(MODELS[0]?.[1] as Model, KINDS[0] as Durations))).toBe(2 + 3 + 6 + 9);
  });
});
