import type { Random } from '@auspex/contracts';
import type { Parameters } from './parameters.ts';
import { lengthOf, type Sequence } from './sequence.ts';

/** Lloyd rounds; start values need no more, since Baum-Welch goes on from them. */
const ROUNDS = 10;

/**
 * Start values for Baum-Welch: centres by k-means++ (Arthur & Vassilvitskii 2007), each state's spread within its cluster,
 * and transitions counted along the labels with one more of each. States rise with their mean in the first dimension.
 *
 * @param floors smallest variance in each dimension, [D]
 * @param random decides everything that is drawn: the same stream gives the same parameters
 */
export function initialise(sequence: Sequence, states: number, floors: Float64Array, random: Random): Parameters {
  const length = lengthOf(sequence);
  const labels = new Int32Array(length).fill(-1);
  const means = seed(sequence, states, random);
  for (let round = 0; round < ROUNDS; round++) {
    const moved = assign(sequence, states, means, labels);
    recentre(sequence, means, labels);
    if (!moved) break;
  }
  sortStates(means, states, sequence.dimensions);
  assign(sequence, states, means, labels);
  return {
    states,
    dimensions: sequence.dimensions,
    means,
    variances: spreads(sequence, states, means, labels, floors),
    ...countMoves(labels, states),
  };
}

/** Squared distance over what was observed; NaN where nothing was. */
function distance({ values, dimensions }: Sequence, t: number, means: Float64Array, state: number): number {
  let sum = 0;
  let seen = 0;
  for (let d = 0; d < dimensions; d++) {
    const x = values[t * dimensions + d] as number;
    if (Number.isNaN(x)) continue;
    sum += (x - (means[state * dimensions + d] as number)) ** 2;
    seen++;
  }
  return seen > 0 ? sum : Number.NaN;
}

/** k-means++: each further centre is an observation, drawn in proportion to its squared distance from those chosen. */
function seed(sequence: Sequence, states: number, random: Random): Float64Array {
  const { values, dimensions } = sequence;
  const length = lengthOf(sequence);
  const means = new Float64Array(states * dimensions);
  const nearest = new Float64Array(length);
  for (let t = 0; t < length; t++) nearest[t] = Number.isNaN(distance(sequence, t, means, 0)) ? 0 : 1;
  for (let k = 0; k < states; k++) {
    const chosen = draw(nearest, random.next());
    for (let d = 0; d < dimensions; d++) {
      const x = chosen < 0 ? Number.NaN : (values[chosen * dimensions + d] as number);
      means[k * dimensions + d] = Number.isNaN(x) ? meanOf(sequence, d) : x;
    }
    for (let t = 0; t < length; t++) {
      const off = distance(sequence, t, means, k);
      if (k === 0) nearest[t] = Number.isNaN(off) ? 0 : off;
      else if (off < (nearest[t] as number)) nearest[t] = off;
    }
  }
  return means;
}

/** An index drawn in proportion to the weights; -1 when all are 0. */
function draw(weights: Float64Array, uniform: number): number {
  let total = 0;
  for (const weight of weights) total += weight;
  let rest = uniform * total;
  let last = -1;
  for (let t = 0; t < weights.length; t++) {
    const weight = weights[t] as number;
    if (weight === 0) continue;
    last = t;
    rest -= weight;
    if (rest < 0) break;
  }
  return last;
}

/** Mean of what was observed in a dimension; 0 of nothing. */
export function meanOf({ values, dimensions }: Sequence, dimension: number): number {
  let sum = 0;
  let count = 0;
  for (let i = dimension; i < values.length; i += dimensions) {
    const x = values[i] as number;
    if (Number.isNaN(x)) continue;
    sum += x;
    count++;
  }
  return count > 0 ? sum / count : 0;
}

/** Labels each step with its nearest centre, -1 where nothing was observed. Returns whether a label changed. */
function assign(sequence: Sequence, states: number, means: Float64Array, labels: Int32Array): boolean {
  let moved = false;
  for (let t = 0; t < labels.length; t++) {
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let k = 0; k < states; k++) {
      const off = distance(sequence, t, means, k);
      if (off < least) {
        least = off;
        best = k;
      }
    }
    if (labels[t] !== best) moved = true;
    labels[t] = best;
  }
  return moved;
}

/** Moves each centre to the mean of its cluster; an empty one stays. */
function recentre({ values, dimensions }: Sequence, means: Float64Array, labels: Int32Array): void {
  const sums = new Float64Array(means.length);
  const counts = new Float64Array(means.length);
  labels.forEach((k, t) => {
    for (let d = 0; k >= 0 && d < dimensions; d++) {
      const x = values[t * dimensions + d] as number;
      if (Number.isNaN(x)) continue;
      sums[k * dimensions + d] = (sums[k * dimensions + d] as number) + x;
      counts[k * dimensions + d] = (counts[k * dimensions + d] as number) + 1;
    }
  });
  for (let m = 0; m < means.length; m++) if ((counts[m] as number) > 0) means[m] = (sums[m] as number) / (counts[m] as number);
}

function sortStates(means: Float64Array, states: number, dimensions: number): void {
  const rows = Array.from({ length: states }, (_, k) => means.slice(k * dimensions, (k + 1) * dimensions));
  rows.sort((a, b) => (a[0] as number) - (b[0] as number));
  rows.forEach((row, k) => {
    means.set(row, k * dimensions);
  });
}

/** Variance within each cluster; of fewer than two observations the floor. */
function spreads(
  { values, dimensions }: Sequence,
  states: number,
  means: Float64Array,
  labels: Int32Array,
  floors: Float64Array,
): Float64Array {
  const sums = new Float64Array(states * dimensions);
  const counts = new Float64Array(states * dimensions);
  labels.forEach((k, t) => {
    for (let d = 0; k >= 0 && d < dimensions; d++) {
      const x = values[t * dimensions + d] as number;
      const m = k * dimensions + d;
      if (Number.isNaN(x)) continue;
      sums[m] = (sums[m] as number) + (x - (means[m] as number)) ** 2;
      counts[m] = (counts[m] as number) + 1;
    }
  });
  return sums.map((sum, m) => Math.max(floors[m % dimensions] as number, (counts[m] as number) > 0 ? sum / (counts[m] as number) : 0));
}

function countMoves(labels: Int32Array, states: number): { start: Float64Array; transition: Float64Array } {
  const transition = new Float64Array(states * states).fill(1);
  const start = new Float64Array(states).fill(1);
  for (let t = 0; t < labels.length; t++) {
    const to = labels[t] as number;
    if (to < 0) continue;
    start[to] = (start[to] as number) + 1;
    const from = t > 0 ? (labels[t - 1] as number) : -1;
    if (from >= 0) transition[from * states + to] = (transition[from * states + to] as number) + 1;
  }
  normaliseRows(transition, states);
  normaliseRows(start, states);
  return { start, transition };
}

/** Divides each row of `columns` by its sum; a row of zeros is left alone. */
export function normaliseRows(values: Float64Array, columns: number): void {
  for (let row = 0; row < values.length; row += columns) {
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += values[row + c] as number;
    for (let c = 0; c < columns && sum > 0; c++) values[row + c] = (values[row + c] as number) / sum;
  }
}
