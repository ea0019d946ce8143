/** Most bins of an input; the first holds what is not known. */
const MOST_BINS = 63;
/** Values that edges are read off: more tell the same. */
const SAMPLE = 8_192;

/** Inputs cut into bins, column by column: what trees are grown on. */
export interface Binned {
  readonly rows: number;
  /** Of each input, the bin of each row. */
  readonly columns: readonly Uint8Array[];
  /** Of each input, rising: a value is in bin b where b edges lie below it. NaN is in bin 0. */
  readonly edges: readonly Float32Array[];
}

/**
 * Cuts each input at its quantiles.
 *
 * @param inputs row-major [row x input]; NaN = not known
 */
export function binInputs(inputs: Float32Array, width: number): Binned {
  const rows = inputs.length / width;
  const columns: Uint8Array[] = [];
  const edges: Float32Array[] = [];
  for (let input = 0; input < width; input++) {
    const cuts = edgesOf(inputs, input, width, rows);
    const column = new Uint8Array(rows);
    for (let row = 0; row < rows; row++) column[row] = binOf(cuts, inputs[row * width + input] as number);
    columns.push(column);
    edges.push(cuts);
  }
  return { rows, columns, edges };
}

function edgesOf(inputs: Float32Array, input: number, width: number, rows: number): Float32Array {
  const every = Math.max(1, Math.floor(rows / SAMPLE));
  const known: number[] = [];
  for (let row = 0; row < rows; row += every) {
    const value = inputs[row * width + input] as number;
    if (!Number.isNaN(value)) known.push(value);
  }
  const sorted = Float32Array.from(known).sort();
  if (sorted.length === 0) return new Float32Array(0);
  // The lowest is an edge of its own kind: what is not known lies below it, all that is known not.
  const cuts = [below(sorted[0] as number)];
  let inside = 0;
  for (let i = 0; i < sorted.length - 1; i++) {
    inside++;
    const [low, high] = [sorted[i] as number, sorted[i + 1] as number];
    if (low === high) continue;
    // Between two values that differ, once a bin has its share: a minute of the hour is a bin of its own, as is a value that is frequent.
    const left = MOST_BINS - cuts.length;
    const next = countOf(sorted, i + 1);
    const isFull = inside >= sorted.length / MOST_BINS || next >= sorted.length / MOST_BINS;
    const cut = Math.fround(low + (high - low) / 2);
    if (left > 0 && isFull && cut < high && cut >= low) {
      cuts.push(cut);
      inside = 0;
    }
  }
  return Float32Array.from(cuts);
}

/** How often the value at `from` occurs from there on. */
function countOf(sorted: Float32Array, from: number): number {
  let to = from + 1;
  while (to < sorted.length && sorted[to] === sorted[from]) to++;
  return to - from;
}

function below(value: number): number {
  return Math.fround(value - Math.max(1e-3, 1e-3 * Math.abs(value)));
}

function binOf(edges: Float32Array, value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    // False for NaN: it ends in bin 0.
    if (value > (edges[middle] as number)) low = middle + 1;
    else high = middle;
  }
  return low;
}
