import { LEAST_VISITS } from '../emissions/family.ts';
import { type Durations, negativeBinomialRow, poissonRow } from './durations.ts';

/** Bounds of the logs of a mean and a size. */
const MEAN: readonly [number, number] = [Math.log(1e-6), Math.log(1e6)];
const SIZE: readonly [number, number] = [Math.log(1e-2), Math.log(1e5)];
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * The M-step of durations, in place.
 *
 * @param ended [K x longest]: expected visits of each length, of the last visit those lengths that it may come to
 */
export function maximiseDurations(durations: Durations, ended: Float64Array, states: number): void {
  const { longest } = durations;
  const row = new Float64Array(longest);
  for (let k = 0; k < states; k++) {
    const counts = ended.subarray(k * longest, (k + 1) * longest);
    let visits = 0;
    let steps = 0;
    for (let d = 0; d < longest; d++) {
      visits += counts[d] as number;
      steps += d * (counts[d] as number);
    }
    if (visits < LEAST_VISITS) continue;
    if (durations.family === 'table') {
      for (let d = 0; d < longest; d++) durations.probabilities[k * longest + d] = (counts[d] as number) / visits;
    } else if (durations.family === 'poisson') {
      durations.means[k] = matchMean(steps / visits, row, poissonRow);
    } else {
      maximiseNegativeBinomial(durations.means, durations.sizes, k, counts, steps / visits, row);
    }
  }
}

/** The parameter with which a cut-off distribution has that mean: of an exponential family that is the likeliest. */
function matchMean(wanted: number, row: Float64Array, fill: (mean: number, row: Float64Array) => void): number {
  let [low, high] = MEAN;
  for (let round = 0; round < 60; round++) {
    const middle = 0.5 * (low + high);
    fill(Math.exp(middle), row);
    let mean = 0;
    for (let d = 0; d < row.length; d++) mean += d * (row[d] as number);
    if (mean < wanted) low = middle;
    else high = middle;
  }
  return Math.exp(0.5 * (low + high));
}

/** For each size the best mean is matched; over sizes a golden section. What is found replaces the old only where it is likelier. */
function maximiseNegativeBinomial(
  means: Float64Array,
  sizes: Float64Array,
  k: number,
  counts: Float64Array,
  wanted: number,
  row: Float64Array,
): void {
  const score = (mean: number, size: number): number => {
    negativeBinomialRow(mean, size, row);
    let sum = 0;
    for (let d = 0; d < row.length; d++) if ((counts[d] as number) > 0) sum += (counts[d] as number) * Math.log(row[d] as number);
    return sum;
  };
  const best = (logSize: number): { mean: number; size: number; score: number } => {
    const size = Math.exp(logSize);
    const mean = matchMean(wanted, row, (guess, into) => negativeBinomialRow(guess, size, into));
    return { mean, size, score: score(mean, size) };
  };
  let [low, high] = SIZE;
  let left = best(high - GOLDEN * (high - low));
  let right = best(low + GOLDEN * (high - low));
  while (high - low > 1e-4) {
    if (left.score < right.score) {
      low = Math.log(left.size);
      left = right;
      right = best(low + GOLDEN * (high - low));
    } else {
      high = Math.log(right.size);
      right = left;
      left = best(high - GOLDEN * (high - low));
    }
  }
  const found = left.score > right.score ? left : right;
  if (found.score < score(means[k] as number, sizes[k] as number)) return;
  means[k] = found.mean;
  sizes[k] = found.size;
}
