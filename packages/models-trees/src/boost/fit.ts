import { quantileSorted, type SeededRandom } from '@auspex/numerics';
import type { Binned } from './bins.ts';
import { growTree } from './grow.ts';
import { leafValue, type Tree } from './tree.ts';

/** How a quantile is fitted. */
export interface Boosting {
  readonly trees: number;
  readonly leaves: number;
  readonly rate: number;
}

/** Rows of a leaf, share of the rows and share of the inputs that a tree sees. */
const FEWEST = 60;
const ROWS = 0.7;
const INPUTS = 0.5;

/** One quantile as a sum of trees. */
export interface Ensemble {
  readonly start: number;
  readonly trees: readonly Tree[];
}

/**
 * Stochastic gradient boosting of one quantile (Friedman 2001, sec. 4.3 for the leaves; 2002 for the sampling) on the pinball loss.
 *
 * @param inputs row-major, as they were binned
 * @param targets finite
 * @param level of the quantile, inside (0, 1)
 */
export function fitQuantile(
  binned: Binned,
  inputs: Float32Array,
  targets: Float64Array,
  level: number,
  { trees, leaves, rate }: Boosting,
  random: SeededRandom,
): Ensemble {
  const { rows } = binned;
  const width = binned.columns.length;
  const start = quantileSorted(targets.slice().sort(), level);
  const residuals = targets.map((target) => target - start);
  const gradients = new Float32Array(rows);
  const grown: Tree[] = [];
  for (let n = 0; n < trees; n++) {
    for (let row = 0; row < rows; row++) gradients[row] = (residuals[row] as number) > 0 ? level : level - 1;
    const seen = sample(rows, ROWS, random);
    const split = [...sample(width, INPUTS, random)];
    const tree = growTree(binned, seen, split, gradients, residuals, { leaves, fewest: FEWEST, level, rate });
    for (let row = 0; row < rows; row++) residuals[row] = (residuals[row] as number) - leafValue(tree, inputs, row * width);
    grown.push(tree);
  }
  return { start, trees: grown };
}

/** About a share of 0..count-1, rising; at least one. */
function sample(count: number, share: number, random: SeededRandom): Int32Array {
  const chosen = new Int32Array(count);
  let n = 0;
  for (let i = 0; i < count; i++) if (random.next() < share) chosen[n++] = i;
  return n === 0 ? Int32Array.of(random.below(count)) : chosen.subarray(0, n);
}

/** The fitted quantile for one row of inputs, which begins at `from`. */
export function quantileOf({ start, trees }: Ensemble, inputs: Float32Array, from: number): number {
  let sum = start;
  for (const tree of trees) sum += leafValue(tree, inputs, from);
  return sum;
}
