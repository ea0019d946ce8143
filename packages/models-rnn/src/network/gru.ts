import { sigmoidAll, tanhAll } from './gates.ts';
import { addSpread, joinInputs, type Rows, spreadWeights, transposeHidden } from './joined.ts';
import type { allot, Kernels } from './kernels.ts';
import { addRowProduct, addRows, padded } from './matrix.ts';
import type { Network, Shape } from './shape.ts';

// Gated recurrent unit (Cho et al. 2014), in the form of TensorFlow's GRUBlockCell: the reset gate acts before the product.
//   r, u = sigmoid([x, h] W + b);   c = tanh([x, r h] V + a);   h' = u h + (1 - u) c.

/** One slot of one series, in place: what serving does. `hidden` is [H], `scratch` [4H]. */
export function stepGru(network: Network, inputs: ArrayLike<number>, at: number, hidden: Float64Array, scratch: Float64Array): void {
  const { gates, gatesBias, candidate, candidateBias, shape } = network;
  const { hidden: units, inputs: wide } = shape;
  const ru = scratch.subarray(0, 2 * units);
  const c = scratch.subarray(2 * units, 3 * units);
  const reset = scratch.subarray(3 * units, 4 * units);
  ru.set(gatesBias);
  addRowProduct(ru, inputs, at, gates, 0, wide, 2 * units);
  addRowProduct(ru, hidden, 0, gates, wide, units, 2 * units);
  sigmoidAll(ru, 0, 2 * units);
  for (let i = 0; i < units; i++) reset[i] = (ru[i] as number) * (hidden[i] as number);
  c.set(candidateBias);
  addRowProduct(c, inputs, at, candidate, 0, wide, units);
  addRowProduct(c, reset, 0, candidate, wide, units, units);
  tanhAll(c, 0, units);
  for (let i = 0; i < units; i++) {
    const u = ru[units + i] as number;
    hidden[i] = u * (hidden[i] as number) + (1 - u) * (c[i] as number);
  }
}

/** What a forward pass over a batch of windows leaves for the backward pass, and the memory of both. */
export interface GruTape {
  readonly cell: 'gru';
  /** T, and R: windows, rounded up to a multiple of 4. */
  readonly length: number;
  readonly rows: number;
  /** What multiplies the arrays below. */
  readonly kernels: Kernels;
  /** [T + 1 x R x padded(I) + H]: inputs beside the hidden state before the slot; the last block holds the final hidden state. */
  readonly joined: Float64Array;
  /** [T x R x padded(I) + H]: inputs beside r h. */
  readonly reset: Float64Array;
  /** [T x R x 2H]: r and u. */
  readonly gates: Float64Array;
  /** [T x R x H]: c. */
  readonly candidates: Float64Array;
  /** [R x H]: the loss' derivative by the hidden state, from the last slot back to the first. */
  readonly dHidden: Float64Array;
  readonly dGates: Float64Array;
  readonly dCandidate: Float64Array;
  readonly dReset: Float64Array;
  /** [padded(I) + H x 2H] and [padded(I) + H x H]: the weights, and their gradient. */
  readonly weights: Float64Array;
  readonly dWeights: Float64Array;
  readonly candidateWeights: Float64Array;
  readonly dCandidateWeights: Float64Array;
  /** [2H x H] and [H x H]. */
  readonly transposed: Float64Array;
  readonly candidateTransposed: Float64Array;
}

/** @param how where the memory lies, and so what computes */
export function beginGruTape({ hidden, inputs }: Shape, length: number, count: number, how: typeof allot): GruTape {
  const rows = padded(count);
  const width = padded(inputs) + hidden;
  const { kernels, arrays } = how({
    joined: (length + 1) * rows * width,
    reset: length * rows * width,
    gates: length * rows * 2 * hidden,
    candidates: length * rows * hidden,
    dHidden: rows * hidden,
    dGates: rows * 2 * hidden,
    dCandidate: rows * hidden,
    dReset: rows * hidden,
    weights: width * 2 * hidden,
    dWeights: width * 2 * hidden,
    candidateWeights: width * hidden,
    dCandidateWeights: width * hidden,
    transposed: 2 * hidden * hidden,
    candidateTransposed: hidden * hidden,
  });
  return { cell: 'gru', length, rows, kernels, ...arrays };
}

/** Runs windows from a state of zeros. `inputs` is [T x B x I]; a tape is used again only for as many windows. */
export function forwardGru(network: Network, tape: GruTape, inputs: ArrayLike<number>, which: Rows): void {
  const { shape, gatesBias, candidateBias } = network;
  const { hidden: units, inputs: wide } = shape;
  const { rows, length, kernels, joined, reset, gates, candidates, weights, candidateWeights } = tape;
  const gap = padded(wide);
  const width = gap + units;
  spreadWeights(network.gates, wide, 2 * units, weights);
  spreadWeights(network.candidate, wide, units, candidateWeights);
  joinInputs(joined, inputs, which, length, rows, wide, width);
  joinInputs(reset, inputs, which, length, rows, wide, width);
  for (let t = 0; t < length; t++) {
    const x0 = t * rows * width;
    const z0 = t * rows * 2 * units;
    const z1 = (t + 1) * rows * 2 * units;
    const c0 = t * rows * units;
    const c1 = (t + 1) * rows * units;
    for (let row = 0; row < rows; row++) {
      gates.set(gatesBias, z0 + row * 2 * units);
      candidates.set(candidateBias, c0 + row * units);
    }
    kernels.addProduct(gates, z0, joined, x0, weights, rows, width, 2 * units);
    sigmoidAll(gates, z0, z1);
    for (let row = 0; row < rows; row++) {
      const h = x0 + row * width + gap;
      const r = z0 + row * 2 * units;
      for (let i = 0; i < units; i++) reset[h + i] = (gates[r + i] as number) * (joined[h + i] as number);
    }
    kernels.addProduct(candidates, c0, reset, x0, candidateWeights, rows, width, units);
    tanhAll(candidates, c0, c1);
    for (let row = 0; row < rows; row++) {
      const h = x0 + row * width + gap;
      const next = h + rows * width;
      const z = z0 + row * 2 * units + units;
      for (let i = 0; i < units; i++) {
        const u = gates[z + i] as number;
        joined[next + i] = u * (joined[h + i] as number) + (1 - u) * (candidates[c0 + row * units + i] as number);
      }
    }
  }
}

/**
 * Back-propagation through time (Werbos 1990): adds to the gradients of both matrices and their biases.
 * Expects the loss' derivative by the final hidden state in `tape.dHidden`, and uses it up.
 */
export function backwardGru(network: Network, tape: GruTape, gradient: Network): void {
  const { hidden: units, inputs: wide } = network.shape;
  const { rows, length, kernels, joined, reset, gates, candidates, dHidden, dGates, dCandidate, dReset } = tape;
  const { dWeights, dCandidateWeights, transposed, candidateTransposed } = tape;
  const gap = padded(wide);
  const width = gap + units;
  transposeHidden(network.gates, wide, units, 2 * units, transposed);
  transposeHidden(network.candidate, wide, units, units, candidateTransposed);
  dWeights.fill(0);
  dCandidateWeights.fill(0);
  for (let t = length - 1; t >= 0; t--) {
    const x0 = t * rows * width;
    for (let row = 0; row < rows; row++) {
      const h = x0 + row * width + gap;
      const z = (t * rows + row) * 2 * units + units;
      for (let i = 0; i < units; i++) {
        const e = row * units + i;
        const u = gates[z + i] as number;
        const c = candidates[t * rows * units + e] as number;
        const dh = dHidden[e] as number;
        dGates[row * 2 * units + units + i] = dh * ((joined[h + i] as number) - c) * u * (1 - u);
        dCandidate[e] = dh * (1 - u) * (1 - c * c);
        dHidden[e] = dh * u;
      }
    }
    kernels.addOuter(dCandidateWeights, reset, x0, dCandidate, rows, width, units);
    addRows(gradient.candidateBias, dCandidate, rows, units);
    dReset.fill(0);
    kernels.addProduct(dReset, 0, dCandidate, 0, candidateTransposed, rows, units, units);
    for (let row = 0; row < rows; row++) {
      const h = x0 + row * width + gap;
      const z = (t * rows + row) * 2 * units;
      for (let i = 0; i < units; i++) {
        const e = row * units + i;
        const r = gates[z + i] as number;
        const d = dReset[e] as number;
        dGates[row * 2 * units + i] = d * (joined[h + i] as number) * r * (1 - r);
        dHidden[e] = (dHidden[e] as number) + d * r;
      }
    }
    kernels.addOuter(dWeights, joined, x0, dGates, rows, width, 2 * units);
    addRows(gradient.gatesBias, dGates, rows, 2 * units);
    if (t > 0) kernels.addProduct(dHidden, 0, dGates, 0, transposed, rows, 2 * units, units);
  }
  addSpread(gradient.gates, dWeights, wide, 2 * units);
  addSpread(gradient.candidate, dCandidateWeights, wide, units);
}
