import type { Random } from '@auspex/contracts';
import { drawIndex } from './draw.ts';
import { lengthOf, type Sequence } from './sequence.ts';

/** Lloyd rounds; start values need no more, since Baum-Welch goes on from them. */
const ROUNDS = 10;

export interface Clusters {
  /** [clusters x D], rising in the first dimension. */
  readonly centres: Float64Array;
  /** [T]: the nearest centre, -1 where nothing was observed. */
  readonly labels: Int32Array;
}

/** k-means from k-means++ centres (Arthur & Vassilvitskii 2007); distances are over what was observed. */
export function cluster(sequence: Sequence, clusters: number, random: Random): Clusters {
  const labels = new Int32Array(lengthOf(sequence)).fill(-1);
  const centres = seed(sequence, clusters, random);
  for (let round = 0; round < ROUNDS; round++) {
    const moved = assign(sequence, clusters, centres, labels);
    recentre(sequence, centres, labels);
    if (!moved) break;
  }
  sortRows(centres, clusters, sequence.dimensions);
  assign(sequence, clusters, centres, labels);
  return { centres, labels };
}

/** Squared distance over what was observed; NaN where nothing was. */
function distance({ values, dimensions }: Sequence, t: number, centres: Float64Array, k: number): number {
  let sum = 0;
  let seen = 0;
  for (let d = 0; d < dimensions; d++) {
    const x = values[t * dimensions + d] as number;
    if (Number.isNaN(x)) continue;
    sum += (x - (centres[k * dimensions + d] as number)) ** 2;
    seen++;
  }
  return seen > 0 ? sum : Number.NaN;
}

/** Each further centre is an observation, drawn in proportion to its squared distance from those chosen. */
function seed(sequence: Sequence, clusters: number, random: Random): Float64Array {
  const { values, dimensions } = sequence;
  const length = lengthOf(sequence);
  const centres = new Float64Array(clusters * dimensions);
  const nearest = new Float64Array(length);
  for (let t = 0; t < length; t++) nearest[t] = Number.isNaN(distance(sequence, t, centres, 0)) ? 0 : 1;
  for (let k = 0; k < clusters; k++) {
    const chosen = drawIndex(random, nearest, 0, length);
    for (let d = 0; d < dimensions; d++) {
      const x = chosen < 0 ? Number.NaN : (values[chosen * dimensions + d] as number);
      centres[k * dimensions + d] = Number.isNaN(x) ? meanOf(sequence, d) : x;
    }
    for (let t = 0; t < length; t++) {
      const off = distance(sequence, t, centres, k);
      if (k === 0) nearest[t] = Number.isNaN(off) ? 0 : off;
      else if (off < (nearest[t] as number)) nearest[t] = off;
    }
  }
  return centres;
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

/** Returns whether a label changed. */
function assign(sequence: Sequence, clusters: number, centres: Float64Array, labels: Int32Array): boolean {
  let moved = false;
  for (let t = 0; t < labels.length; t++) {
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let k = 0; k < clusters; k++) {
      const off = distance(sequence, t, centres, k);
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
function recentre({ values, dimensions }: Sequence, centres: Float64Array, labels: Int32Array): void {
  const sums = new Float64Array(centres.length);
  const counts = new Float64Array(centres.length);
  labels.forEach((k, t) => {
    for (let d = 0; k >= 0 && d < dimensions; d++) {
      const x = values[t * dimensions + d] as number;
      if (Number.isNaN(x)) continue;
      sums[k * dimensions + d] = (sums[k * dimensions + d] as number) + x;
      counts[k * dimensions + d] = (counts[k * dimensions + d] as number) + 1;
    }
  });
  for (let m = 0; m < centres.length; m++) if ((counts[m] as number) > 0) centres[m] = (sums[m] as number) / (counts[m] as number);
}

function sortRows(values: Float64Array, rows: number, columns: number): void {
  const sorted = Array.from({ length: rows }, (_, k) => values.slice(k * columns, (k + 1) * columns));
  sorted.sort((a, b) => (a[0] as number) - (b[0] as number));
  sorted.forEach((row, k) => {
    values.set(row, k * columns);
  });
}
