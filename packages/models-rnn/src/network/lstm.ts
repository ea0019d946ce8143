import { sigmoidAll, tanhAll } from './gates.ts';
import { addSpread, joinInputs, type Rows, spreadWeights, transposeHidden } from './joined.ts';
import type { allot, Kernels } from './kernels.ts';
import { addRowProduct, addRows, padded } from './matrix.ts';
import type { Network, Shape } from './shape.ts';

// Long short-term memory (Hochreiter & Schmidhuber 1997) with a forget gate (Gers et al. 2000):
//   i, f, o = sigmoid(z), g = tanh(z), z = [x, h] W + b;   c' = f c + i g;   h' = o tanh(c').

/** i, f, o and g from z, in place: [4H] from `at` on. */
function squashGates(gates: Float64Array, at: number, units: number): void {
  sigmoidAll(gates, at, at + 2 * units);
  tanhAll(gates, at + 2 * units, at + 3 * units);
  sigmoidAll(gates, at + 3 * units, at + 4 * units);
}

/** One slot of one series, in place: what serving does. `hidden` and `cell` are [H], `gates` is scratch [4H]. */
export function stepLstm(
  network: Network,
  inputs: ArrayLike<number>,
  at: number,
  hidden: Float64Array,
  cell: Float64Array,
  gates: Float64Array,
): void {
  const { gates: weights, gatesBias, shape } = network;
  const { hidden: units, inputs: wide } = shape;
  gates.set(gatesBias);
  addRowProduct(gates, inputs, at, weights, 0, wide, 4 * units);
  addRowProduct(gates, hidden, 0, weights, wide, units, 4 * units);
  squashGates(gates, 0, units);
  for (let u = 0; u < units; u++) {
    const next = (gates[u + units] as number) * (cell[u] as number) + (gates[u] as number) * (gates[u + 2 * units] as number);
    cell[u] = next;
    hidden[u] = next;
  }
  tanhAll(hidden, 0, units);
  for (let u = 0; u < units; u++) hidden[u] = (gates[u + 3 * units] as number) * (hidden[u] as number);
}

/** What a forward pass over a batch of windows leaves for the backward pass, and the memory of both. */
export interface LstmTape {
  readonly cell: 'lstm';
  /** T, and R: windows, rounded up to a multiple of 4. */
  readonly length: number;
  readonly rows: number;
  /** What multiplies the arrays below. */
  readonly kernels: Kernels;
  /** [T + 1 x R x padded(I) + H]: inputs beside the hidden state before the slot; the last block holds the final hidden state. */
  readonly joined: Float64Array;
  /** [T x R x 4H]: gates after their nonlinearity. */
  readonly gates: Float64Array;
  /** [T + 1 x R x H]: cell before the slot. */
  readonly cells: Float64Array;
  /** [T x R x H]: tanh of the cell after it. */
  readonly squashed: Float64Array;
  /** [R x H]: the loss' derivative by the hidden state, from the last slot back to the first. */
  readonly dHidden: Float64Array;
  readonly dCell: Float64Array;
  readonly dGates: Float64Array;
  /** [padded(I) + H x 4H]: the weights, and their gradient. */
  readonly weights: Float64Array;
  readonly dWeights: Float64Array;
  /** [4H x H]. */
  readonly transposed: Float64Array;
}

/** @param how where the memory lies, and so what computes */
export function beginLstmTape({ hidden, inputs }: Shape, length: number, count: number, how: typeof allot): LstmTape {
  const rows = padded(count);
  const width = padded(inputs) + hidden;
  const { kernels, arrays } = how({
    joined: (length + 1) * rows * width,
    gates: length * rows * 4 * hidden,
    cells: (length + 1) * rows * hidden,
    squashed: length * rows * hidden,
    dHidden: rows * hidden,
    dCell: rows * hidden,
    dGates: rows * 4 * hidden,
    weights: width * 4 * hidden,
    dWeights: width * 4 * hidden,
    transposed: 4 * hidden * hidden,
  });
  return { cell: 'lstm', length, rows, kernels, ...arrays };
}

/** Runs windows from a state of zeros. `inputs` is [T x B x I]; a tape is used again only for as many windows. */
export function forwardLstm(network: Network, tape: LstmTape, inputs: ArrayLike<number>, which: Rows): void {
  const { shape, gatesBias } = network;
  const { hidden: units, inputs: wide } = shape;
  const { rows, length, kernels, joined, gates, cells, squashed, weights } = tape;
  const width = padded(wide) + units;
  spreadWeights(network.gates, wide, 4 * units, weights);
  joinInputs(joined, inputs, which, length, rows, wide, width);
  for (let t = 0; t < length; t++) {
    const z0 = t * rows * 4 * units;
    for (let row = 0; row < rows; row++) gates.set(gatesBias, z0 + row * 4 * units);
    kernels.addProduct(gates, z0, joined, t * rows * width, weights, rows, width, 4 * units);
    const before = t * rows * units;
    const after = (t + 1) * rows * units;
    for (let row = 0; row < rows; row++) {
      const z = z0 + row * 4 * units;
      squashGates(gates, z, units);
      for (let u = 0; u < units; u++) {
        const e = row * units + u;
        const c =
          (gates[z + units + u] as number) * (cells[before + e] as number) +
          (gates[z + u] as number) * (gates[z + 2 * units + u] as number);
        cells[after + e] = c;
        squashed[before + e] = c;
      }
    }
    tanhAll(squashed, before, after);
    for (let row = 0; row < rows; row++) {
      const h = ((t + 1) * rows + row + 1) * width - units;
      const o = z0 + row * 4 * units + 3 * units;
      for (let u = 0; u < units; u++) joined[h + u] = (gates[o + u] as number) * (squashed[before + row * units + u] as number);
    }
  }
}

/**
 * Back-propagation through time (Werbos 1990): adds to `gradient.gates` and `gradient.gatesBias`.
 * Expects the loss' derivative by the final hidden state in `tape.dHidden`, and uses it up.
 */
export function backwardLstm(network: Network, tape: LstmTape, gradient: Network): void {
  const { hidden: units, inputs: wide } = network.shape;
  const { rows, length, kernels, joined, gates, cells, squashed, dHidden, dCell, dGates, dWeights, transposed } = tape;
  const width = padded(wide) + units;
  transposeHidden(network.gates, wide, units, 4 * units, transposed);
  dWeights.fill(0);
  dCell.fill(0);
  for (let t = length - 1; t >= 0; t--) {
    for (let row = 0; row < rows; row++) {
      for (let u = 0; u < units; u++) {
        const z = (t * rows + row) * 4 * units + u;
        const e = row * units + u;
        const s = squashed[t * rows * units + e] as number;
        const i = gates[z] as number;
        const f = gates[z + units] as number;
        const g = gates[z + 2 * units] as number;
        const o = gates[z + 3 * units] as number;
        const dh = dHidden[e] as number;
        const dc = (dCell[e] as number) + dh * o * (1 - s * s);
        const d = row * 4 * units + u;
        dGates[d] = dc * g * i * (1 - i);
        dGates[d + units] = dc * (cells[t * rows * units + e] as number) * f * (1 - f);
        dGates[d + 2 * units] = dc * i * (1 - g * g);
        dGates[d + 3 * units] = dh * s * o * (1 - o);
        dCell[e] = dc * f;
      }
    }
    kernels.addOuter(dWeights, joined, t * rows * width, dGates, rows, width, 4 * units);
    addRows(gradient.gatesBias, dGates, rows, 4 * units);
    if (t === 0) break;
    dHidden.fill(0);
    kernels.addProduct(dHidden, 0, dGates, 0, transposed, rows, 4 * units, units);
  }
  addSpread(gradient.gates, dWeights, wide, 4 * units);
}
