import { checkPositive, reorderRows } from '../arrays.ts';
import { drawGamma, drawPoisson } from '../draw.ts';
import { digamma, isCount, logFactorial, logRising } from '../special.ts';
import type { NegativeBinomialEmission } from './emission.ts';
import { type Densities, type Family, LEAST_VISITS, type Trainer, type TrainerSettings } from './family.ts';

const LEAST_MEAN = 1e-10;
const LEAST_SIZE = 1e-4;
/** Counts that vary no more than a Poisson's would push the size to infinity; here the two cannot be told apart. */
const MOST_SIZE = 1e6;

/** Negative binomial emissions: a gamma mixture of Poissons (Greenwood & Yule 1920), for counts that vary more than their mean. */
export const negativeBinomialFamily: Family<NegativeBinomialEmission> = {
  check({ means, sizes, dimensions }, states) {
    checkPositive('means', means, states * dimensions);
    checkPositive('sizes', sizes, states * dimensions);
  },
  copy: (emission) => ({ ...emission, means: emission.means.slice(), sizes: emission.sizes.slice() }),
  reorder: (emission, order) => ({
    ...emission,
    means: reorderRows(emission.means, emission.dimensions, order),
    sizes: reorderRows(emission.sizes, emission.dimensions, order),
  }),
  densities,
  trainer,
  freeParameters: ({ dimensions }, states) => 2 * states * dimensions,
  draw({ dimensions, means, sizes }, state, random, out, at) {
    for (let d = 0, m = state * dimensions; d < dimensions; d++, m++) {
      const size = sizes[m] as number;
      out[at + d] = drawPoisson(random, (drawGamma(random, size) * (means[m] as number)) / size);
    }
  },
};

function densities({ means, sizes, dimensions }: NegativeBinomialEmission, states: number): Densities {
  const heights = new Float64Array(means.length);
  const slopes = new Float64Array(means.length);
  const refresh = (): void => {
    for (let m = 0; m < means.length; m++) {
      const mean = means[m] as number;
      const size = sizes[m] as number;
      // log1p, since of a great size 1 + mean / size has few digits left.
      heights[m] = -size * Math.log1p(mean / size);
      slopes[m] = -Math.log1p(size / mean);
    }
  };
  refresh();
  return {
    refresh,
    log(values, at, out, to) {
      for (let k = 0; k < states; k++) out[to + k] = 0;
      for (let d = 0; d < dimensions; d++) {
        const x = values[at + d] as number;
        if (Number.isNaN(x)) continue;
        if (!isCount(x)) {
          for (let k = 0; k < states; k++) out[to + k] = Number.NEGATIVE_INFINITY;
          return;
        }
        const common = logFactorial(x);
        for (let k = 0, m = d; k < states; k++, m += dimensions)
          out[to + k] =
            (out[to + k] as number) + logRising(sizes[m] as number, x) + (heights[m] as number) + x * (slopes[m] as number) - common;
      }
    },
  };
}

/**
 * Statistics: how often each state gave each of the counts that occur. Of these the M-step is exact: the mean is the weighted mean whatever the size,
 * and the profile likelihood in the size has at most one peak (Levin & Reeds 1977).
 */
function trainer({ means, sizes, dimensions }: NegativeBinomialEmission, states: number, { values }: TrainerSettings): Trainer {
  const counts = Array.from({ length: dimensions }, (_, d) => occurring(values, d, dimensions));
  const offsets = counts.map((_, d) => counts.slice(0, d).reduce((sum, { length }) => sum + length, 0));
  const width = counts.reduce((sum, { length }) => sum + length, 0);
  const statistics = new Float64Array(states * width);
  return {
    statistics,
    reset: () => void statistics.fill(0),
    accumulate(seen, from, rows, gamma, first) {
      for (let d = 0; d < dimensions; d++) {
        const distinct = counts[d] as Float64Array;
        const offset = offsets[d] as number;
        for (let t = 0, at = from * dimensions + d, g = first; t < rows; t++, at += dimensions, g += states) {
          const x = seen[at] as number;
          if (Number.isNaN(x)) continue;
          for (let k = 0, s = offset + indexOf(distinct, x); k < states; k++, s += width)
            statistics[s] = (statistics[s] as number) + (gamma[g + k] as number);
        }
      }
    },
    maximise() {
      for (let k = 0; k < states; k++) {
        for (let d = 0; d < dimensions; d++) {
          const from = k * width + (offsets[d] as number);
          maximiseOne(counts[d] as Float64Array, statistics, from, means, sizes, k * dimensions + d);
        }
      }
    },
  };
}

function maximiseOne(counts: Float64Array, weights: Float64Array, at: number, means: Float64Array, sizes: Float64Array, m: number): void {
  let visits = 0;
  let events = 0;
  for (let i = 0; i < counts.length; i++) {
    visits += weights[at + i] as number;
    events += (weights[at + i] as number) * (counts[i] as number);
  }
  if (visits < LEAST_VISITS) return;
  const mean = Math.max(LEAST_MEAN, events / visits);
  means[m] = mean;
  sizes[m] = bestSize(counts, weights, at, visits, mean, sizes[m] as number);
}

/** The size of greatest likelihood, from where it was; a root of its slope in the log of the size, by bracketing and false position (Illinois). */
function bestSize(counts: Float64Array, weights: Float64Array, at: number, visits: number, mean: number, from: number): number {
  const slope = (logSize: number): number => {
    const size = Math.exp(logSize);
    let sum = -visits * Math.log1p(mean / size);
    const base = digamma(size);
    for (let i = 0; i < counts.length; i++) {
      const weight = weights[at + i] as number;
      if (weight > 0) sum += weight * (digamma((counts[i] as number) + size) - base);
    }
    return sum * size;
  };
  const [least, most] = [Math.log(LEAST_SIZE), Math.log(MOST_SIZE)];
  let low = Math.min(most, Math.max(least, Math.log(from)));
  let high = low;
  let atLow = slope(low);
  let atHigh = atLow;
  // The slope falls through 0 at the peak: the bracket grows uphill.
  for (let step = 0.5; atHigh > 0 && high < most; step *= 2) {
    [low, atLow] = [high, atHigh];
    high = Math.min(most, high + step);
    atHigh = slope(high);
  }
  if (atHigh > 0) return MOST_SIZE;
  for (let step = 0.5; atLow < 0 && low > least; step *= 2) {
    [high, atHigh] = [low, atLow];
    low = Math.max(least, low - step);
    atLow = slope(low);
  }
  if (atLow < 0) return LEAST_SIZE;
  for (let round = 0, kept = 0; round < 60 && high - low > 1e-10; round++) {
    const between = (low * atHigh - high * atLow) / (atHigh - atLow);
    const next = between > low && between < high ? between : 0.5 * (low + high);
    const now = slope(next);
    if (Math.abs(now) < 1e-12 * visits) return Math.exp(next);
    if (now > 0) {
      [low, atLow] = [next, now];
      if (kept === 1) atHigh *= 0.5;
      kept = 1;
    } else {
      [high, atHigh] = [next, now];
      if (kept === -1) atLow *= 0.5;
      kept = -1;
    }
  }
  return Math.exp(0.5 * (low + high));
}

/** The counts that occur in a dimension, rising. */
function occurring(values: Float64Array, dimension: number, dimensions: number): Float64Array {
  const seen = new Set<number>();
  for (let i = dimension; i < values.length; i += dimensions) if (!Number.isNaN(values[i])) seen.add(values[i] as number);
  return Float64Array.from(seen).sort();
}

/** Where `x` stands in a rising list that holds it. */
function indexOf(sorted: Float64Array, x: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}
