import { SeededRandom } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import { checkParameters, filterStep, fit, forward, initialise, logDensity, type Parameters, posteriors, viterbi } from '../src/index.ts';

const three: Parameters = {
  states: 3,
  dimensions: 1,
  start: Float64Array.of(0.5, 0.3, 0.2),
  transition: Float64Array.of(0.95, 0.04, 0.01, 0.03, 0.94, 0.03, 0.02, 0.08, 0.9),
  means: Float64Array.of(-1, 0, 2),
  variances: Float64Array.of(0.04, 0.09, 0.25),
};
const two: Parameters = {
  states: 2,
  dimensions: 2,
  start: Float64Array.of(0.6, 0.4),
  transition: Float64Array.of(0.7, 0.3, 0.2, 0.8),
  means: Float64Array.of(0, 1, 3, -1),
  variances: Float64Array.of(1, 0.5, 2, 1),
};

function pick(row: Float64Array, uniform: number): number {
  let rest = uniform;
  for (let k = 0; k < row.length; k++) {
    rest -= row[k] as number;
    if (rest < 0) return k;
  }
  return row.length - 1;
}

function simulate(parameters: Parameters, length: number, seed: string): { values: Float64Array; states: number[] } {
  const random = new SeededRandom(seed);
  const { states: k, dimensions: d } = parameters;
  const values = new Float64Array(length * d);
  const states: number[] = [];
  for (let t = 0; t < length; t++) {
    const last = states[t - 1];
    const row = last === undefined ? parameters.start : parameters.transition.subarray(last * k, (last + 1) * k);
    const state = pick(row, random.next());
    states.push(state);
    for (let i = 0; i < d; i++) {
      const m = state * d + i;
      values[t * d + i] = (parameters.means[m] as number) + Math.sqrt(parameters.variances[m] as number) * random.normal();
    }
  }
  return { values, states };
}

/** Every path with its log joint probability: the definition, without any recursion. */
function everyPath(parameters: Parameters, values: Float64Array): { path: number[]; log: number }[] {
  const { states, dimensions, start, transition } = parameters;
  const length = values.length / dimensions;
  return Array.from({ length: states ** length }, (_, code) => {
    const path = Array.from({ length }, (__, t) => Math.floor(code / states ** (length - 1 - t)) % states);
    let log = 0;
    path.forEach((k, t) => {
      log += Math.log(t === 0 ? (start[k] as number) : (transition[(path[t - 1] as number) * states + k] as number));
      log += logDensity(parameters, k, values, t * dimensions);
    });
    return { path, log };
  });
}

describe.each([
  ['one dimension', three],
  ['two dimensions', two],
])('against every path, %s', (_, parameters) => {
  const { values } = simulate(parameters, 6, 'tiny');
  values[2 * parameters.dimensions] = Number.NaN;
  const sequence = { values, dimensions: parameters.dimensions };
  const paths = everyPath(parameters, values);
  const total = Math.log(paths.reduce((sum, { log }) => sum + Math.exp(log), 0));

  it('forward sums all paths', () => {
    expect(forward(parameters, sequence).logLikelihood).toBeCloseTo(total, 10);
  });

  it('viterbi finds the best one', () => {
    const best = paths.reduce((a, b) => (b.log > a.log ? b : a));
    const found = viterbi(parameters, sequence);
    expect(Array.from(found.states)).toEqual(best.path);
    expect(found.logProbability).toBeCloseTo(best.log, 10);
  });

  it('posteriors are the shares of the paths through a state', () => {
    const gamma = posteriors(parameters, sequence);
    for (let t = 0; t < 6; t++) {
      for (let k = 0; k < parameters.states; k++) {
        const share = paths.filter(({ path }) => path[t] === k).reduce((sum, { log }) => sum + Math.exp(log - total), 0);
        expect(gamma[t * parameters.states + k]).toBeCloseTo(share, 10);
      }
    }
  });
});

describe('passes', () => {
  const { values, states } = simulate(three, 5000, 'long');
  const sequence = { values, dimensions: 1 };

  it('posterior and filtered rows sum to 1 over a long sequence', () => {
    for (const rows of [posteriors(three, sequence), forward(three, sequence).filtered]) {
      for (let row = 0; row < rows.length; row += 3) {
        expect((rows[row] as number) + (rows[row + 1] as number) + (rows[row + 2] as number)).toBeCloseTo(1, 10);
      }
    }
  });

  it('decodes most states of a chain whose regimes stand apart', () => {
    const found = viterbi(three, sequence).states;
    expect(states.filter((state, t) => state === found[t]).length / states.length).toBeGreaterThan(0.97);
  });

  it('one step at a time equals the forward pass', () => {
    const { filtered } = forward(three, sequence);
    const belief = filtered.slice(0, 3);
    const scratch = new Float64Array(3);
    for (let t = 1; t < 500; t++) filterStep(three, belief, values, t, scratch);
    for (let k = 0; k < 3; k++) expect(belief[k]).toBeCloseTo(filtered[499 * 3 + k] as number, 10);
  });

  it('what was not observed has likelihood 1', () => {
    const nothing = { values: new Float64Array(4).fill(Number.NaN), dimensions: 1 };
    expect(forward(three, nothing).logLikelihood).toBeCloseTo(0, 12);
    expect(Array.from(posteriors(three, nothing).subarray(0, 3))).toEqual([0.5, 0.3, 0.2].map((p) => expect.closeTo(p, 12)));
  });

  it('survives an outlier beyond the range of a double', () => {
    const { filtered, logLikelihood } = forward(three, { values: Float64Array.of(0, 1e200, 0), dimensions: 1 });
    expect(filtered.every(Number.isFinite)).toBe(true);
    expect(Number.isNaN(logLikelihood)).toBe(false);
  });

  it('an empty sequence has likelihood 1 and no path', () => {
    const empty = { values: new Float64Array(0), dimensions: 1 };
    expect(forward(three, empty).logLikelihood).toBe(0);
    expect(viterbi(three, empty)).toEqual({ states: new Uint16Array(0), logProbability: 0 });
  });
});

describe('fit', () => {
  it('never lowers the likelihood', () => {
    for (const seed of ['a', 'b', 'c', 'd']) {
      const { values } = simulate(three, 800, seed);
      for (let i = 0; i < 800; i += 17) values[i] = Number.NaN;
      const history: number[] = [];
      fit({ values, dimensions: 1 }, { states: 3, random: new SeededRandom(seed), tolerance: 1e-6, monitor: (log) => history.push(log) });
      expect(history.length).toBeGreaterThan(3);
      for (let i = 1; i < history.length; i++) expect(history[i] as number).toBeGreaterThanOrEqual((history[i - 1] as number) - 1e-7);
    }
  });

  it('finds the parameters that made the data', () => {
    const { values } = simulate(three, 8000, 'recover');
    const { parameters, converged } = fit({ values, dimensions: 1 }, { states: 3, random: new SeededRandom(1) });
    expect(converged).toBe(true);
    three.means.forEach((mean, k) => {
      expect(Math.abs((parameters.means[k] as number) - mean)).toBeLessThan(0.05);
      expect((parameters.variances[k] as number) / (three.variances[k] as number)).toBeCloseTo(1, 0);
    });
    three.transition.forEach((p, i) => {
      expect(Math.abs((parameters.transition[i] as number) - p)).toBeLessThan(0.03);
    });
  });

  it('finds them in two dimensions with a third of the values unseen', () => {
    const { values } = simulate(two, 8000, 'recover');
    const random = new SeededRandom('holes');
    for (let i = 0; i < values.length; i++) if (random.next() < 0.33) values[i] = Number.NaN;
    const { parameters } = fit({ values, dimensions: 2 }, { states: 2, random });
    two.means.forEach((mean, m) => {
      expect(Math.abs((parameters.means[m] as number) - mean)).toBeLessThan(0.15);
    });
  });

  it('is decided by its seed, and leaves its start alone', () => {
    const { values } = simulate(three, 400, 's');
    const sequence = { values, dimensions: 1 };
    const once = fit(sequence, { states: 3, random: new SeededRandom(5) });
    expect(fit(sequence, { states: 3, random: new SeededRandom(5) })).toEqual(once);
    const before = structuredClone(three);
    fit(sequence, { states: 3, from: three, maxIterations: 3 });
    expect(three).toEqual(before);
  });

  it.each([
    ['a constant', new Float64Array(50).fill(7)],
    ['one point', Float64Array.of(3)],
    ['nothing but gaps', new Float64Array(20).fill(Number.NaN)],
    ['huge values', Float64Array.from({ length: 40 }, (_, i) => 1e9 + (i % 2) * 1e8)],
  ])('stays finite on %s', (_, values) => {
    const { parameters } = fit({ values, dimensions: 1 }, { states: 3, random: new SeededRandom(1) });
    expect(() => checkParameters(parameters)).not.toThrow();
  });

  it('refuses what it cannot fit', () => {
    expect(() => fit({ values: new Float64Array(0), dimensions: 1 }, { states: 2, random: new SeededRandom(1) })).toThrow('nothing to fit');
    expect(() => fit({ values: new Float64Array(3), dimensions: 2 }, { states: 2, random: new SeededRandom(1) })).toThrow('whole rows');
    expect(() => fit({ values: new Float64Array(3), dimensions: 1 }, { states: 2 })).toThrow('from');
    expect(() => fit({ values: new Float64Array(3), dimensions: 1 }, { states: 2, from: three })).toThrow('shape');
  });

  it('starts with states that rise', () => {
    const { values } = simulate(three, 400, 's');
    const { means } = initialise({ values, dimensions: 1 }, 3, Float64Array.of(1e-6), new SeededRandom(3));
    expect(Array.from(means)).toEqual(Array.from(means).sort((a, b) => a - b));
  });
});

describe('checkParameters names the broken part', () => {
  it.each([
    ['start', { ...three, start: Float64Array.of(0.5, 0.5) }],
    ['transition', { ...three, transition: three.transition.map((p, i) => (i === 0 ? p + 0.1 : p)) }],
    ['transition', { ...three, transition: three.transition.map((p, i) => (i === 0 ? -p : p)) }],
    ['means', { ...three, means: Float64Array.of(0, 1, Number.NaN) }],
    ['variances', { ...three, variances: Float64Array.of(1, 1, 0) }],
    ['states', { ...three, states: 0 }],
    ['dimensions', { ...three, dimensions: 0.5 }],
  ])('%s', (part, parameters) => {
    expect(() => checkParameters(parameters)).toThrow(part);
  });
});
