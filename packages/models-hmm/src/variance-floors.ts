import { meanOf } from './k-means.ts';
import type { Sequence } from './sequence.ts';

/** The floor of data that do not vary. */
const LEAST = 1e-6;
/** Keeps a variance above 0 where no floor is wanted. */
const NONE = 1e-200;
/** Square of what rounding may do to a mean, as a share of it: a variance below that is none. */
const ROUNDING = 1e-28;

/** Least variance in each dimension, [D]: a share of the whole data's, 1e-6 of data that do not vary; with a share of 0 as good as none. */
export function varianceFloors(sequence: Sequence, share: number): Float64Array {
  if (!(share >= 0)) throw new RangeError(`varianceFloor must be a share from 0, not ${share}`);
  return Float64Array.from({ length: sequence.dimensions }, (_, d) => {
    if (share === 0) return NONE;
    const variance = varianceOf(sequence, d);
    return variance > 0 ? Math.max(NONE, share * variance) : LEAST;
  });
}

/** Variance of what was observed in a dimension; 0 of nothing, and of what differs by rounding alone. */
export function varianceOf(sequence: Sequence, dimension: number): number {
  const { values, dimensions } = sequence;
  const mean = meanOf(sequence, dimension);
  let first = 0;
  let second = 0;
  let count = 0;
  for (let i = dimension; i < values.length; i += dimensions) {
    const x = values[i] as number;
    if (Number.isNaN(x)) continue;
    first += x - mean;
    second += (x - mean) ** 2;
    count++;
  }
  // What rounding did to the mean of many is taken out again.
  const sum = second - (first * first) / count;
  return sum > ROUNDING * mean * mean * count ? sum / count : 0;
}
