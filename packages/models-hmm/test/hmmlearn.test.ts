import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  aic,
  bic,
  type Emission,
  fit,
  forward,
  logLikelihood,
  type Model,
  type Priors,
  posteriors,
  type Sequence,
  viterbi,
} from '../src/index.ts';

/* What hmmlearn 0.3.3 made of the same data from the same start: golden/make.py writes it. */

interface Case {
  readonly name: string;
  readonly emission: {
    readonly family: Emission['family'];
    readonly dimensions: number;
    readonly symbols?: number;
    readonly components?: number;
  };
  readonly states: number;
  readonly dimensions: number;
  readonly lengths: readonly number[];
  readonly values: readonly number[];
  readonly priors: Readonly<Record<string, number | number[]>>;
  readonly iterations: number;
  readonly from: Readonly<Record<string, number[]>>;
  readonly to: Readonly<Record<string, number[]>>;
  readonly history: readonly number[];
  readonly score: number;
  readonly posteriors: readonly number[];
  readonly viterbi: number;
  readonly path: readonly number[];
  readonly aic: number;
  readonly bic: number;
}

const golden = JSON.parse(readFileSync(new URL('golden/golden.json', import.meta.url), 'utf8')) as {
  hmmlearn: string;
  every: number;
  cases: Case[];
};

function modelOf({ emission, states }: Case, parameters: Readonly<Record<string, number[]>>): Model {
  const arrays = Object.fromEntries(Object.entries(parameters).map(([name, values]) => [name, Float64Array.from(values)]));
  const { start, transition, ...rest } = arrays;
  return { states, start, transition, emission: { ...emission, ...rest } } as unknown as Model;
}

function sequencesOf({ values, lengths, dimensions }: Case): Sequence[] {
  let at = 0;
  return lengths.map((length) => {
    const part = Float64Array.from(values.slice(at, at + length * dimensions));
    at += length * dimensions;
    return { values: part, dimensions };
  });
}

const priorsOf = ({ priors }: Case): Priors =>
  Object.fromEntries(Object.entries(priors).map(([name, value]) => [name, typeof value === 'number' ? value : Float64Array.from(value)]));

/** Greatest difference, relative where numbers are above 1. */
function apart(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  expect(ours.length).toBe(theirs.length);
  let most = 0;
  for (let i = 0; i < theirs.length; i++) {
    const other = theirs[i] as number;
    most = Math.max(most, Math.abs((ours[i] as number) - other) / Math.max(1, Math.abs(other)));
  }
  return most;
}

it('covers every emission that hmmlearn has, several sequences and left-right', () => {
  expect(golden.hmmlearn).toBe('0.3.3');
  const families = new Set(golden.cases.map(({ emission }) => emission.family));
  expect([...families].sort()).toEqual(['categorical', 'gaussian', 'gaussian-full', 'gaussian-mixture', 'poisson']);
  expect(golden.cases.some(({ lengths }) => lengths.length > 2)).toBe(true);
});

describe.each(golden.cases)('$name', (each) => {
  const sequences = sequencesOf(each);
  const fitted = fit<Emission['family']>(sequences, {
    from: modelOf(each, each.from),
    maxIterations: each.iterations,
    tolerance: Number.NEGATIVE_INFINITY,
    varianceFloor: 0,
    priors: priorsOf(each),
    ...(each.emission.family === 'gaussian-mixture' ? { variancesAround: 'old-means' } : {}),
  });
  const theirs = modelOf(each, each.to);

  it('log-likelihoods of all iterations', () => {
    expect(fitted.iterations).toBe(each.iterations);
    expect(apart(fitted.history, each.history)).toBeLessThan(1e-8);
  });

  it('parameters', () => {
    const { start, transition, emission } = fitted.model;
    const ours = { start, transition, ...emission } as unknown as Record<string, Float64Array>;
    for (const [name, values] of Object.entries(each.to)) expect(apart(ours[name] as Float64Array, values), name).toBeLessThan(1e-6);
  });

  it('score, posteriors and path of the same model', () => {
    expect(apart([logLikelihood(theirs, sequences)], [each.score])).toBeLessThan(1e-8);
    expect(apart([sequences.reduce((sum, sequence) => sum + forward(theirs, sequence).logLikelihood, 0)], [each.score])).toBeLessThan(1e-8);
    const rows = sequences.flatMap((sequence) => Array.from(posteriors(theirs, sequence)));
    const kept = rows.filter((_, i) => Math.floor(i / each.states) % golden.every === 0);
    expect(apart(kept, each.posteriors)).toBeLessThan(1e-8);
    const paths = sequences.map((sequence) => viterbi(theirs, sequence));
    expect(paths.flatMap(({ states }) => Array.from(states))).toEqual(each.path);
    expect(apart([paths.reduce((sum, { logProbability }) => sum + logProbability, 0)], [each.viterbi])).toBeLessThan(1e-8);
  });

  // hmmlearn counts the weights of one state of a mixture only, and the zeros of a left-right chain as free.
  it.skipIf(each.emission.family === 'gaussian-mixture' || each.name.includes('left-right'))('AIC and BIC', () => {
    expect(apart([aic(theirs, sequences), bic(theirs, sequences)], [each.aic, each.bic])).toBeLessThan(1e-8);
  });
});
