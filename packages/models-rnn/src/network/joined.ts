import { padded } from './matrix.ts';

// The cells multiply [x, h], inputs beside hidden state, by one matrix. The kernels want its height to be a multiple of 4: there is
// room left between x and h, which holds zeros. So `joined` rows have `padded(I) + H` columns, and the weights as many rows.

/** Weights [I + H x N] with the rows of the gap, [padded(I) + H x N]. */
export function spreadWeights(weights: Float64Array, inputs: number, n: number, into: Float64Array): void {
  into.set(weights.subarray(0, inputs * n));
  into.set(weights.subarray(inputs * n), padded(inputs) * n);
}

/** Adds a gradient of spread weights to that of the weights. */
export function addSpread(gradient: Float64Array, spread: Float64Array, inputs: number, n: number): void {
  const gap = (padded(inputs) - inputs) * n;
  for (let i = 0; i < inputs * n; i++) gradient[i] = (gradient[i] as number) + (spread[i] as number);
  for (let i = inputs * n; i < gradient.length; i++) gradient[i] = (gradient[i] as number) + (spread[i + gap] as number);
}

/** The rows of h, transposed: [I + H x N] to [N x H]. Made once a step, so that the way back reads along rows, too. */
export function transposeHidden(weights: Float64Array, inputs: number, hidden: number, n: number, into: Float64Array): void {
  for (let i = 0; i < hidden; i++) for (let j = 0; j < n; j++) into[j * hidden + i] = weights[(inputs + i) * n + j] as number;
}

/** Windows of a batch that one pass runs over. */
export interface Rows {
  /** First window, and how many. */
  readonly from: number;
  readonly count: number;
  /** B: windows of the whole batch. */
  readonly of: number;
}

/**
 * Puts inputs [T x B x I] into `joined` [T + 1 x R x padded(I) + H], zeros into its rows beyond `count`: the cell runs over
 * them, but nothing of them reaches a gradient.
 */
export function joinInputs(
  joined: Float64Array,
  inputs: ArrayLike<number>,
  { from, count, of }: Rows,
  length: number,
  r: number,
  wide: number,
  width: number,
): void {
  for (let t = 0; t < length; t++) {
    for (let row = count; row < r; row++) joined.fill(0, (t * r + row) * width, (t * r + row) * width + wide);
    for (let row = 0; row < count; row++) {
      const to = (t * r + row) * width;
      const at = (t * of + from + row) * wide;
      for (let i = 0; i < wide; i++) joined[to + i] = inputs[at + i] as number;
    }
  }
}
