import type { SeededRandom } from '@auspex/numerics';

/** Gamma with mean 1 and variance 1 / shape (Marsaglia and Tsang 2000; below 1 by Johnk's power). */
export function gamma(random: SeededRandom, shape: number): number {
  if (shape < 1) return (gamma(random, shape + 1) * (shape + 1) * random.next() ** (1 / shape)) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return (d * v) / shape;
  }
}

/** A count of mean `mean` and variance mean + dispersion x mean^2: Poisson with a gamma mean, the negative binomial. */
export function count(random: SeededRandom, mean: number, dispersion: number): number {
  if (mean <= 0) return 0;
  return random.poisson(dispersion > 0 ? mean * gamma(random, 1 / dispersion) : mean);
}

/** An index below `bound`, the first far oftener than the last: density falling as 1 / sqrt. */
export function skewed(random: SeededRandom, bound: number): number {
  return Math.min(bound - 1, Math.floor(bound * random.next() ** 2));
}

/** A whole number from 1 with the given mean: geometric, cut at ten times the mean. */
export function length(random: SeededRandom, mean: number): number {
  if (mean <= 1) return 1;
  const drawn = 1 + Math.floor(Math.log(1 - random.next()) / Math.log(1 - 1 / mean));
  return Math.min(drawn, Math.ceil(10 * mean));
}
