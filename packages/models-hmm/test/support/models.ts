import type { Emission, Model } from '../../src/index.ts';

const f = (...values: number[]): Float64Array => Float64Array.from(values);

const three = { states: 3, start: f(0.5, 0.3, 0.2), transition: f(0.95, 0.04, 0.01, 0.03, 0.94, 0.03, 0.02, 0.08, 0.9) };
const two = { states: 2, start: f(0.6, 0.4), transition: f(0.7, 0.3, 0.2, 0.8) };

export const gaussian = {
  ...three,
  emission: { family: 'gaussian', dimensions: 1, means: f(-1, 0, 2), variances: f(0.04, 0.09, 0.25) },
} satisfies Model;

/** A model of each kind, small. */
export const MODELS: readonly (readonly [name: string, model: Model])[] = [
  ['gaussian, 1-D', gaussian],
  ['gaussian, 2-D', { ...two, emission: { family: 'gaussian', dimensions: 2, means: f(0, 1, 3, -1), variances: f(1, 0.5, 2, 1) } }],
  [
    'gaussian-full, 2-D',
    {
      ...two,
      emission: { family: 'gaussian-full', dimensions: 2, means: f(0, 1, 3, -1), covariances: f(1, 0.4, 0.4, 0.5, 2, -0.9, -0.9, 1) },
    },
  ],
  ['poisson, 1-D', { ...three, emission: { family: 'poisson', dimensions: 1, rates: f(0.8, 5, 20) } }],
  ['poisson, 2-D', { ...two, emission: { family: 'poisson', dimensions: 2, rates: f(1, 7, 6, 2) } }],
  ['negative-binomial', { ...two, emission: { family: 'negative-binomial', dimensions: 1, means: f(3, 20), sizes: f(0.7, 4) } }],
  [
    'categorical',
    { ...two, emission: { family: 'categorical', dimensions: 1, symbols: 3, probabilities: f(0.6, 0.3, 0.1, 0.1, 0.2, 0.7) } },
  ],
  [
    'gaussian-mixture, 2-D',
    {
      ...two,
      emission: {
        family: 'gaussian-mixture',
        dimensions: 2,
        components: 2,
        weights: f(0.3, 0.7, 0.5, 0.5),
        means: f(-3, 0, 0, 1, 3, 3, 6, 4),
        variances: f(1, 0.5, 0.4, 1, 0.6, 1, 1, 0.5),
      },
    },
  ],
  ['left-right', { ...gaussian, start: f(1, 0, 0), transition: f(0.7, 0.3, 0, 0, 0.8, 0.2, 0, 0, 1) }],
];

/** log b_k(x) from the textbook, with none of the library's code. */
export function textbook(emission: Emission, k: number, row: readonly number[]): number {
  const { dimensions: n } = emission;
  const seen = row.map((_, d) => d).filter((d) => !Number.isNaN(row[d]));
  const normal = (x: number, mean: number, variance: number): number =>
    -0.5 * Math.log(2 * Math.PI * variance) - (x - mean) ** 2 / (2 * variance);
  const sum = (each: (d: number) => number): number => seen.reduce((total, d) => total + each(d), 0);
  const at = (values: Float64Array, i: number): number => values[i] as number;
  switch (emission.family) {
    case 'gaussian':
      return sum((d) => normal(row[d] as number, at(emission.means, k * n + d), at(emission.variances, k * n + d)));
    case 'gaussian-full': {
      if (seen.length < 2)
        return sum((d) => normal(row[d] as number, at(emission.means, k * n + d), at(emission.covariances, (k * n + d) * n + d)));
      const [a, b, , c] = emission.covariances.subarray(k * 4, k * 4 + 4) as unknown as [number, number, number, number];
      const [x, y] = [(row[0] as number) - at(emission.means, 2 * k), (row[1] as number) - at(emission.means, 2 * k + 1)];
      const determinant = a * c - b * b;
      return -Math.log(2 * Math.PI) - 0.5 * Math.log(determinant) - (c * x * x - 2 * b * x * y + a * y * y) / (2 * determinant);
    }
    case 'poisson':
      return sum((d) => {
        let log = -at(emission.rates, k * n + d);
        for (let i = 1; i <= (row[d] as number); i++) log += Math.log(at(emission.rates, k * n + d) / i);
        return log;
      });
    case 'negative-binomial':
      return sum((d) => {
        const [mean, size] = [at(emission.means, k * n + d), at(emission.sizes, k * n + d)];
        let log = size * Math.log(size / (size + mean));
        for (let i = 1; i <= (row[d] as number); i++) log += Math.log(((size + i - 1) / i) * (mean / (size + mean)));
        return log;
      });
    case 'categorical':
      return sum((d) => Math.log(at(emission.probabilities, k * emission.symbols + (row[d] as number))));
    case 'gaussian-mixture': {
      let density = 0;
      for (let c = k * emission.components; c < (k + 1) * emission.components; c++)
        density +=
          at(emission.weights, c) *
          Math.exp(sum((d) => normal(row[d] as number, at(emission.means, c * n + d), at(emission.variances, c * n + d))));
      return Math.log(density);
    }
  }
}
