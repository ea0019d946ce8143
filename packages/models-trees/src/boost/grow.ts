import { quantileSorted } from '@auspex/numerics';
import type { Binned } from './bins.ts';
import type { Tree } from './tree.ts';

/** Bins and the one of what is not known. */
const WIDTH = 64;

/** How one tree is grown. */
export interface Growth {
  /** Most leaves. */
  readonly leaves: number;
  /** Fewest rows of a leaf. */
  readonly fewest: number;
  /** Quantile that the leaves hold, and the share of it that they give. */
  readonly level: number;
  readonly rate: number;
}

interface Leaf {
  /** Its rows in the order of `Grower.rows`: [from, to). */
  readonly from: number;
  readonly to: number;
  readonly sum: number;
  readonly sums: Float64Array;
  readonly counts: Int32Array;
  split: Split | undefined;
  /** Where it hangs: the node above, and the side. */
  readonly parent: number;
  readonly side: 'left' | 'right';
}

interface Split {
  readonly gain: number;
  /** Place in `Grower.inputs`. */
  readonly at: number;
  readonly bin: number;
}

/**
 * Grows one tree leaf by leaf, the best gain first, over histograms (Ke et al. 2017, LightGBM): the larger child's histogram is its
 * parent's less the smaller's. Gradients are those of the pinball loss; a leaf then holds the quantile of its rows' residuals.
 *
 * @param rows the rows it learns from; their order is changed
 * @param inputs the inputs it may split on
 * @param gradients of all rows: level where the target is above what is predicted, level - 1 where not
 * @param residuals of all rows: target less prediction
 */
export function growTree(
  { columns, edges }: Binned,
  rows: Int32Array,
  inputs: readonly number[],
  gradients: Float32Array,
  residuals: Float64Array,
  { leaves: most, fewest, level, rate }: Growth,
): Tree {
  const input: number[] = [];
  const threshold: number[] = [];
  const left: number[] = [];
  const right: number[] = [];
  const spare = new Int32Array(rows.length);

  const measure = (from: number, to: number): Pick<Leaf, 'sum' | 'sums' | 'counts'> => {
    const sums = new Float64Array(inputs.length * WIDTH);
    const counts = new Int32Array(inputs.length * WIDTH);
    let sum = 0;
    for (let i = from; i < to; i++) sum += gradients[rows[i] as number] as number;
    for (let k = 0; k < inputs.length; k++) {
      const column = columns[inputs[k] as number] as Uint8Array;
      const base = k * WIDTH;
      for (let i = from; i < to; i++) {
        const row = rows[i] as number;
        const at = base + (column[row] as number);
        sums[at] = (sums[at] as number) + (gradients[row] as number);
        counts[at] = (counts[at] as number) + 1;
      }
    }
    return { sum, sums, counts };
  };

  const bestOf = ({ from, to, sum, sums, counts }: Omit<Leaf, 'split'>): Split | undefined => {
    const count = to - from;
    if (count < 2 * fewest) return undefined;
    const whole = (sum * sum) / count;
    let best: Split | undefined;
    for (let k = 0; k < inputs.length; k++) {
      const bins = (edges[inputs[k] as number] as Float32Array).length;
      let below = 0;
      let under = 0;
      for (let bin = 0; bin < bins; bin++) {
        below += sums[k * WIDTH + bin] as number;
        under += counts[k * WIDTH + bin] as number;
        if (under < fewest) continue;
        if (count - under < fewest) break;
        const gain = (below * below) / under + ((sum - below) * (sum - below)) / (count - under) - whole;
        if (gain > (best?.gain ?? 1e-9)) best = { gain, at: k, bin };
      }
    }
    return best;
  };

  const leafOf = (part: Omit<Leaf, 'split'>): Leaf => ({ ...part, split: bestOf(part) });
  const growing: Leaf[] = [leafOf({ from: 0, to: rows.length, ...measure(0, rows.length), parent: -1, side: 'left' })];
  while (growing.length < most) {
    let chosen = -1;
    for (let i = 0; i < growing.length; i++) {
      const gain = growing[i]?.split?.gain ?? 0;
      if (gain > (growing[chosen]?.split?.gain ?? 0)) chosen = i;
    }
    if (chosen < 0) break;
    const leaf = growing[chosen] as Leaf;
    const { at, bin } = leaf.split as Split;
    const chosenInput = inputs[at] as number;
    const middle = partition(rows, spare, leaf, columns[chosenInput] as Uint8Array, bin);
    const node = input.length;
    input.push(chosenInput);
    threshold.push((edges[chosenInput] as Float32Array)[bin] as number);
    left.push(0);
    right.push(0);
    if (leaf.parent >= 0) (leaf.side === 'left' ? left : right)[leaf.parent] = node;
    const small = middle - leaf.from <= leaf.to - middle ? ([leaf.from, middle] as const) : ([middle, leaf.to] as const);
    const one = measure(...small);
    const rest = {
      sum: leaf.sum - one.sum,
      sums: leaf.sums.map((value, i) => value - (one.sums[i] as number)),
      counts: leaf.counts.map((value, i) => value - (one.counts[i] as number)),
    };
    const firstIsSmall = small[0] === leaf.from;
    growing[chosen] = leafOf({ from: leaf.from, to: middle, ...(firstIsSmall ? one : rest), parent: node, side: 'left' });
    growing.push(leafOf({ from: middle, to: leaf.to, ...(firstIsSmall ? rest : one), parent: node, side: 'right' }));
  }
  const values = growing.map(({ from, to, parent, side }, leaf) => {
    if (parent >= 0) (side === 'left' ? left : right)[parent] = -leaf - 1;
    const inside = new Float64Array(to - from);
    for (let i = from; i < to; i++) inside[i - from] = residuals[rows[i] as number] as number;
    return rate * quantileSorted(inside.sort(), level);
  });
  return {
    input: Uint8Array.from(input),
    threshold: Float32Array.from(threshold),
    left: Int16Array.from(left),
    right: Int16Array.from(right),
    leaves: Float32Array.from(values),
  };
}

/** Rows of a leaf whose bin is at most `bin` come first, in their order; returns where the others begin. */
function partition(rows: Int32Array, spare: Int32Array, { from, to }: Leaf, column: Uint8Array, bin: number): number {
  let first = from;
  let others = 0;
  for (let i = from; i < to; i++) {
    const row = rows[i] as number;
    if ((column[row] as number) <= bin) rows[first++] = row;
    else spare[others++] = row;
  }
  rows.set(spare.subarray(0, others), first);
  return first;
}
