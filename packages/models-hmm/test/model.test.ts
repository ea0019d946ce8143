import { pack, SeededRandom, unpack } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import {
  aic,
  bic,
  decodeModel,
  encodeModel,
  freeParameters,
  leftRight,
  logLikelihood,
  type Model,
  reorderStates,
  sample,
} from '../src/index.ts';
import { digamma, logFactorial, logGamma, logRising } from '../src/special.ts';
import { gaussian, MODELS } from './support/models.ts';

describe.each(MODELS)('%s', (_, model) => {
  it('comes back from its bytes', () => {
    expect(decodeModel(encodeModel(model))).toEqual(model);
  });

  it('is drawn from as it says: moments of a long sample', () => {
    const { sequence, states } = sample(model, 30_000, new SeededRandom('draw'));
    const again = sample(model, 30_000, new SeededRandom('draw'));
    expect(again.sequence).toEqual(sequence);
    const k = model.states - 1;
    const rows = Array.from(states.keys()).filter((t) => states[t] === k);
    const values = rows.map((t) => sequence.values[t * model.emission.dimensions] as number);
    const mean = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    const { expected, spread } = momentsOf(model, k);
    expect(Math.abs(mean - expected)).toBeLessThan(5 * Math.sqrt(spread / values.length));
    expect(Math.abs(variance / spread - 1)).toBeLessThan(0.12);
  });
});

/** Mean and variance of a state's first dimension. */
function momentsOf({ emission }: Model, k: number): { expected: number; spread: number } {
  const at = (values: Float64Array, i: number): number => values[i] as number;
  const first = k * emission.dimensions;
  if (emission.family === 'gaussian') return { expected: at(emission.means, first), spread: at(emission.variances, first) };
  if (emission.family === 'gaussian-full')
    return { expected: at(emission.means, first), spread: at(emission.covariances, first * emission.dimensions) };
  if (emission.family === 'poisson') return { expected: at(emission.rates, first), spread: at(emission.rates, first) };
  if (emission.family === 'negative-binomial') {
    const [mean, size] = [at(emission.means, first), at(emission.sizes, first)];
    return { expected: mean, spread: mean + mean ** 2 / size };
  }
  const mixed = (weights: number[], means: number[], squares: number[]): { expected: number; spread: number } => {
    const expected = weights.reduce((sum, w, i) => sum + w * (means[i] as number), 0);
    return { expected, spread: weights.reduce((sum, w, i) => sum + w * (squares[i] as number), 0) - expected ** 2 };
  };
  if (emission.family === 'categorical') {
    const weights = Array.from(emission.probabilities.subarray(k * emission.symbols, (k + 1) * emission.symbols));
    return mixed(
      weights,
      weights.map((_, s) => s),
      weights.map((_, s) => s * s),
    );
  }
  const places = Array.from({ length: emission.components }, (_, c) => k * emission.components + c);
  const means = places.map((c) => at(emission.means, c * emission.dimensions));
  return mixed(
    places.map((c) => at(emission.weights, c)),
    means,
    means.map((mean, i) => mean ** 2 + at(emission.variances, (places[i] as number) * emission.dimensions)),
  );
}

/** What is in the bytes. */
interface Plain {
  readonly model: { readonly emission: object };
}

describe('encoded models', () => {
  const durations = { family: 'table', longest: 2, probabilities: Float64Array.of(0.5, 0.5, 1, 0) } as const;
  const lasting: Model = { ...(MODELS[1]?.[1] as Model), transition: Float64Array.of(0, 1, 1, 0), durations };

  it('keep durations', () => {
    expect(decodeModel(encodeModel(lasting))).toEqual(lasting);
  });

  it.each<[string, (plain: Plain) => unknown]>([
    ['no encoded hidden Markov model', () => 7],
    ['no encoded hidden Markov model', () => null],
    ['no encoded hidden Markov model', (plain) => ({ ...plain, format: 'another' })],
    ['version 2 is not known', (plain) => ({ ...plain, version: 2 })],
    ['no emission', (plain) => ({ ...plain, model: { ...plain.model, emission: undefined } })],
    ['no emission', (plain) => ({ ...plain, model: 'x' })],
    ['no emission family "x"', (plain) => ({ ...plain, model: { ...plain.model, emission: { ...plain.model.emission, family: 'x' } } })],
    ['start must hold 2', (plain) => ({ ...plain, model: { ...plain.model, start: Float64Array.of(1) } })],
    ['transition must be a Float64Array', (plain) => ({ ...plain, model: { ...plain.model, transition: [0, 1, 1, 0] } })],
    [
      'means must be finite',
      (plain) => ({
        ...plain,
        model: { ...plain.model, emission: { ...plain.model.emission, means: new Float64Array(4).fill(Number.NaN) } },
      }),
    ],
    ['durations of the encoded model', (plain) => ({ ...plain, model: { ...plain.model, durations: 3 } })],
    ['family of durations "x"', (plain) => ({ ...plain, model: { ...plain.model, durations: { family: 'x', longest: 2 } } })],
    [
      'row 1 of probabilities of durations',
      (plain) => ({ ...plain, model: { ...plain.model, durations: { ...durations, probabilities: Float64Array.of(1, 0, 1, 1) } } }),
    ],
  ])('refused: %s', (message, broken) => {
    const bytes = pack(broken(unpack<Plain>(encodeModel(lasting))));
    expect(() => decodeModel(bytes)).toThrow(message);
  });

  it('refused: bytes that are nothing, and a broken model before it is written', () => {
    expect(() => decodeModel(Uint8Array.of(0xc1))).toThrow('no encoded hidden Markov model');
    expect(() => decodeModel(encodeModel(lasting).subarray(0, 40))).toThrow('no encoded hidden Markov model');
    expect(() => encodeModel({ ...gaussian, states: 2 })).toThrow('start');
  });
});

describe('criteria', () => {
  it('count what is free', () => {
    expect(MODELS.map(([name, model]) => [name, freeParameters(model)])).toEqual([
      ['gaussian, 1-D', 2 + 6 + 6],
      ['gaussian, 2-D', 1 + 2 + 8],
      ['gaussian-full, 2-D', 1 + 2 + 4 + 6],
      ['poisson, 1-D', 2 + 6 + 3],
      ['poisson, 2-D', 1 + 2 + 4],
      ['negative-binomial', 1 + 2 + 4],
      ['categorical', 1 + 2 + 4],
      ['gaussian-mixture, 2-D', 1 + 2 + 2 + 8 + 8],
      ['left-right', 0 + 2 + 6],
    ]);
  });

  it('are 2 k - 2 log L and k log n - 2 log L', () => {
    const sequences = ['a', 'b'].map((seed) => sample(gaussian, 50, new SeededRandom(seed)).sequence);
    const log = logLikelihood(gaussian, sequences);
    expect(aic(gaussian, sequences)).toBeCloseTo(28 - 2 * log, 9);
    expect(bic(gaussian, sequences)).toBeCloseTo(14 * Math.log(100) - 2 * log, 9);
  });
});

it('left-right begins in the first state and stays in the last', () => {
  expect(leftRight(3, 0.75)).toEqual({
    start: Float64Array.of(1, 0, 0),
    transition: Float64Array.of(0.75, 0.25, 0, 0, 0.75, 0.25, 0, 0, 1),
  });
  expect(() => leftRight(3, 1)).toThrow('stay');
  expect(() => leftRight(0)).toThrow('states');
});

it('an order must hold each state once', () => {
  expect(reorderStates(gaussian, [2, 0, 1]).emission.means).toEqual(Float64Array.of(2, -1, 0));
  for (const order of [
    [0, 1],
    [0, 1, 1],
    [0, 1, 3],
  ])
    expect(() => reorderStates(gaussian, order)).toThrow('once');
});

it('a sample of no length, and of one that is none', () => {
  expect(sample(gaussian, 0, new SeededRandom(1)).states).toHaveLength(0);
  expect(() => sample(gaussian, 1.5, new SeededRandom(1))).toThrow('length');
});

it('log gamma and its slope agree with known values', () => {
  expect(logGamma(0.5)).toBeCloseTo(0.5 * Math.log(Math.PI), 14);
  expect(logGamma(10) / Math.log(362880)).toBeCloseTo(1, 14);
  expect(logGamma(1e-3)).toBeCloseTo(6.907178885383853, 12);
  expect(digamma(1)).toBeCloseTo(-0.5772156649015329, 13);
  expect(digamma(0.5)).toBeCloseTo(-1.9635100260214235, 13);
  expect(digamma(100)).toBeCloseTo(4.600161852738087, 13);
  expect(logFactorial(2000) / logGamma(2001)).toBe(1);
  for (const s of [0.3, 900, 1e3, 1e5]) {
    let sum = 0;
    for (let i = 0; i < 40; i++) sum += Math.log(s + i);
    expect(logRising(s, 40) / sum).toBeCloseTo(1, 12);
  }
});
