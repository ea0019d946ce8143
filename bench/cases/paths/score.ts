import type { SamplePaths } from '../../../packages/contracts/src/index.ts';
import type { SeededRandom } from '../../../packages/numerics/src/index.ts';

/** Energy score of the first `span` steps: E|X − y| − E|X − X'| / 2, Euclidean, over the paths (Gneiting & Raftery 2007, eq. 22). */
export function energyScore({ rates, horizon, count }: SamplePaths, outcome: ArrayLike<number>, span: number): number {
  const rows = horizon.length;
  let toOutcome = 0;
  let apart = 0;
  for (let a = 0; a < count; a++) {
    let sum = 0;
    for (let row = 0; row < span; row++) sum += ((rates[a * rows + row] as number) - (outcome[row] as number)) ** 2;
    toOutcome += Math.sqrt(sum);
    for (let b = a + 1; b < count; b++) {
      let between = 0;
      for (let row = 0; row < span; row++) between += ((rates[a * rows + row] as number) - (rates[b * rows + row] as number)) ** 2;
      apart += Math.sqrt(between);
    }
  }
  return toOutcome / count - apart / (count * count);
}

/** The same draws, each step's shuffled by itself. */
export function independent(paths: SamplePaths, random: SeededRandom): SamplePaths {
  const { count, horizon } = paths;
  const rates = paths.rates.slice();
  const rows = horizon.length;
  for (let row = 0; row < rows; row++) {
    for (let i = count - 1; i > 0; i--) {
      const [a, b] = [i * rows + row, random.below(i + 1) * rows + row];
      [rates[a], rates[b]] = [rates[b] as number, rates[a] as number];
    }
  }
  return { ...paths, rates };
}

/** The same draws, each path keeping its rank at every step. */
export function comonotone(paths: SamplePaths): SamplePaths {
  const { count, horizon } = paths;
  const rates = new Float64Array(paths.rates.length);
  const rows = horizon.length;
  for (let row = 0; row < rows; row++) {
    const column = Float64Array.from({ length: count }, (_, path) => paths.rates[path * rows + row] as number).sort();
    for (let path = 0; path < count; path++) rates[path * rows + row] = column[path] as number;
  }
  return { ...paths, rates };
}
