import { meanOf } from './k-means.ts';
import type { Sequence } from './sequence.ts';

const LEAST = 1e-6;
/** Keeps a variance above 0 where no floor is wanted. */
const NONE = 1e-200;

/** Least variance in each dimension, [D]: a share of the whole data's, at least 1e-6; with a share of 0 as good as none. */
export function varianceFloors(sequence: Sequence, share: number): Float64Array {
  if (!(share >= 0)) throw new RangeError(`varianceFloor must be a share from 0, not ${share}`);
  const { values, dimensions } = sequence;
  return Float64Array.from({ length: dimensions }, (_, d) => {
    if (share === 0) return NONE;
    const mean = meanOf(sequence, d);
    let sum = 0;
    let count = 0;
    for (let i = d; i < values.length; i += dimensions) {
      const x = values[i] as number;
      if (Number.isNaN(x)) continue;
      sum += (x - mean) ** 2;
      count++;
    }
    return Math.max(LEAST, count > 0 ? (share * sum) / count : 0);
  });
}
