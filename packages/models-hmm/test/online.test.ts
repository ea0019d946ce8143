import { SeededRandom } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import { Filter, logLikelihood, type Model, OnlineEm, type OnlineOptions, sample } from '../src/index.ts';
import { gaussian, MODELS } from './support/models.ts';

const byName = (name: string): Model => MODELS.find(([each]) => each === name)?.[1] as Model;

function learn(from: Model, values: Float64Array, options?: OnlineOptions): { online: OnlineEm; sum: number } {
  const online = new OnlineEm(from, options);
  const { dimensions } = from.emission;
  let sum = 0;
  for (let at = 0; at < values.length; at += dimensions) sum += online.observe(values.subarray(at, at + dimensions));
  return { online, sum };
}

describe('OnlineEm', () => {
  it('finds normals from a poor start', () => {
    const { sequence } = sample(gaussian, 40_000, new SeededRandom('online'));
    const from: Model = {
      ...gaussian,
      transition: Float64Array.of(0.8, 0.1, 0.1, 0.1, 0.8, 0.1, 0.1, 0.1, 0.8),
      emission: { ...gaussian.emission, means: Float64Array.of(-0.6, 0.3, 1.4), variances: Float64Array.of(0.5, 0.5, 0.5) },
    };
    const { online } = learn(from, sequence.values, { forgetting: 0, warmUp: 500 });
    const { emission, transition } = online.model as typeof gaussian;
    gaussian.emission.means.forEach((mean, k) => {
      expect(Math.abs((emission.means[k] as number) - mean)).toBeLessThan(0.05);
      expect(Math.abs((emission.variances[k] as number) - (gaussian.emission.variances[k] as number))).toBeLessThan(0.05);
    });
    gaussian.transition.forEach((p, i) => {
      expect(Math.abs((transition[i] as number) - p)).toBeLessThan(0.03);
    });
    expect(from.emission).toMatchObject({ means: Float64Array.of(-0.6, 0.3, 1.4) });
  });

  it.each(['poisson, 2-D', 'categorical', 'gaussian, 2-D'])('%s: comes near the likelihood of the truth', (name) => {
    const truth = byName(name);
    const { sequence } = sample(truth, 20_000, new SeededRandom(name));
    for (let i = 0; i < sequence.values.length; i += 29) sequence.values[i] = Number.NaN;
    const emission = structuredClone(truth.emission) as unknown as Record<string, Float64Array>;
    const shaken = Object.fromEntries(
      Object.entries(emission).map(([field, values]) => [
        field,
        field === 'rates' || field === 'means' ? values.map((x) => 1.3 * x + 0.1) : values,
      ]),
    );
    if (shaken['probabilities']) shaken['probabilities'] = Float64Array.of(0.5, 0.3, 0.2, 0.2, 0.3, 0.5);
    const from = { ...truth, emission: shaken } as unknown as Model;
    const { online } = learn(from, sequence.values);
    const [start, end, best] = [from, online.model, truth].map((model) => logLikelihood(model, [sequence]));
    expect(end).toBeGreaterThan(start as number);
    expect(((best as number) - (end as number)) / ((best as number) - (start as number))).toBeLessThan(0.1);
  });

  it('forgets: follows a level that moved', () => {
    const moved = sample(gaussian, 20_000, new SeededRandom('moved')).sequence.values.map((x, i) => (i < 10_000 ? x : x + 0.5));
    const quick = learn(gaussian, moved, { forgetting: 0.002, warmUp: 500 }).online.model as typeof gaussian;
    expect(quick.emission.means[2]).toBeCloseTo(2.5, 1);
    const never = learn(gaussian, moved, { forgetting: 0, exponent: 1, warmUp: 500 }).online.model as typeof gaussian;
    expect(Math.abs((never.emission.means[2] as number) - 2.5)).toBeGreaterThan(0.1);
  });

  it('before the first change it is the filter', () => {
    const { sequence } = sample(gaussian, 50, new SeededRandom('filter'));
    const { online, sum } = learn(gaussian, sequence.values, { warmUp: 50 });
    const filter = new Filter(gaussian);
    expect(sum).toBeCloseTo(
      Array.from(sequence.values, (_, t) => filter.observe(sequence.values, t)).reduce((a, b) => a + b),
      9,
    );
    for (let k = 0; k < 3; k++) expect(online.belief[k]).toBeCloseTo(filter.belief[k] as number, 10);
    expect(online.model).toEqual(gaussian);
    expect(online.seen).toBe(50);
  });

  it('its statistics are those of the smoother: with steps of 1 / n the first M-step is the one of fit', () => {
    const { sequence } = sample(gaussian, 60, new SeededRandom('exact'));
    // With parameters held until the last observation the recursion is exact (Cappé 2011, section 2.2).
    const { online } = learn(gaussian, sequence.values, { warmUp: 59, exponent: 1, forgetting: 0 });
    const { means, variances } = (online.model as typeof gaussian).emission;
    const gamma = posteriorsOf(gaussian, sequence.values);
    for (let k = 0; k < 3; k++) {
      const visits = gamma.reduce((sum, row) => sum + (row[k] as number), 0);
      const mean = gamma.reduce((sum, row, t) => sum + (row[k] as number) * (sequence.values[t] as number), 0) / visits;
      const square = gamma.reduce((sum, row, t) => sum + (row[k] as number) * ((sequence.values[t] as number) - mean) ** 2, 0) / visits;
      expect(means[k]).toBeCloseTo(mean, 9);
      expect(variances[k]).toBeCloseTo(square, 9);
    }
  });

  it('refuses what it cannot learn', () => {
    expect(() => new OnlineEm(byName('negative-binomial'))).toThrow('negative-binomial cannot be learnt online');
    expect(() => new OnlineEm(gaussian, { forgetting: 1 })).toThrow('forgetting');
    expect(() => new OnlineEm(gaussian, { exponent: 0.5 })).toThrow('exponent');
    expect(() => new OnlineEm(gaussian, { warmUp: -1 })).toThrow('warmUp');
    expect(() => new OnlineEm({ ...gaussian, start: Float64Array.of(1) })).toThrow('start');
  });
});

/** gamma by forward and backward passes of the textbook, [T][K]. */
function posteriorsOf({ states, start, transition, emission }: typeof gaussian, values: Float64Array): number[][] {
  const density = (t: number, k: number): number => {
    const variance = emission.variances[k] as number;
    return Math.exp(-(((values[t] as number) - (emission.means[k] as number)) ** 2) / (2 * variance)) / Math.sqrt(2 * Math.PI * variance);
  };
  const each = Array.from({ length: states }, (_, k) => k);
  const at = (i: number, j: number): number => transition[i * states + j] as number;
  const alphas = [each.map((k) => (start[k] as number) * density(0, k))];
  for (let t = 1; t < values.length; t++)
    alphas.push(each.map((j) => density(t, j) * each.reduce((sum, i) => sum + (alphas[t - 1]?.[i] as number) * at(i, j), 0)));
  let beta = each.map(() => 1);
  const gamma: number[][] = [];
  for (let t = values.length - 1; t >= 0; t--) {
    const row = each.map((k) => (alphas[t]?.[k] as number) * (beta[k] as number));
    const total = row.reduce((a, b) => a + b);
    gamma.unshift(row.map((x) => x / total));
    beta = each.map((i) => each.reduce((sum, j) => sum + at(i, j) * density(t, j) * (beta[j] as number), 0));
  }
  return gamma;
}
