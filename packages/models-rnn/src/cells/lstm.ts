import { INPUTS, type Network } from '../network.ts';
import { sigmoid, tanh } from './gates.ts';
import { addOuter, addProduct, backProduct } from './matrix.ts';

// Long short-term memory (Hochreiter & Schmidhuber 1997) with a forget gate (Gers et al. 2000):
//   i, f, o = sigmoid(z), g = tanh(z), z = [x, h] W + b;   c' = f c + i g;   h' = o tanh(c').

/** One slot of one series, in place: what serving does. `hidden` and `cell` are [H], `gates` is scratch [4H]. */
export function stepLstm(
  network: Network,
  inputs: Float64Array,
  at: number,
  hidden: Float64Array,
  cell: Float64Array,
  gates: Float64Array,
): void {
  const { lstm, lstmBias, hidden: units } = network;
  const width = 4 * units;
  for (let j = 0; j < width; j++) gates[j] = lstmBias[j] as number;
  for (let i = 0; i < INPUTS; i += 2) {
    const a = inputs[at + i] as number;
    const b = inputs[at + i + 1] as number;
    const w = i * width;
    for (let j = 0; j < width; j++) gates[j] = (gates[j] as number) + a * (lstm[w + j] as number) + b * (lstm[w + width + j] as number);
  }
  for (let i = 0; i < units; i += 2) {
    const a = hidden[i] as number;
    const b = hidden[i + 1] as number;
    const w = (INPUTS + i) * width;
    for (let j = 0; j < width; j++) gates[j] = (gates[j] as number) + a * (lstm[w + j] as number) + b * (lstm[w + width + j] as number);
  }
  for (let u = 0; u < units; u++) {
    const next =
      sigmoid(gates[u + units] as number) * (cell[u] as number) + sigmoid(gates[u] as number) * tanh(gates[u + 2 * units] as number);
    cell[u] = next;
    hidden[u] = sigmoid(gates[u + 3 * units] as number) * tanh(next);
  }
}

/** What a forward pass over a batch of windows leaves for the backward pass. */
export interface Tape {
  readonly length: number;
  readonly rows: number;
  /** [T + 1 x B x INPUTS + H]: inputs beside the hidden state before the slot; the last block holds the final hidden state. */
  readonly joined: Float64Array;
  /** [T x B x 4H]: gates after their nonlinearity. */
  readonly gates: Float64Array;
  /** [T + 1 x B x H]: cell before the slot. */
  readonly cells: Float64Array;
  /** [T x B x H]: tanh of the cell after it. */
  readonly squashed: Float64Array;
  readonly dHidden: Float64Array;
  readonly dCell: Float64Array;
  readonly dGates: Float64Array;
}

/** Room for `rows` windows (a multiple of 4) of `length` slots. */
export function beginTape(length: number, rows: number, hidden: number): Tape {
  return {
    length,
    rows,
    joined: new Float64Array((length + 1) * rows * (INPUTS + hidden)),
    gates: new Float64Array(length * rows * 4 * hidden),
    cells: new Float64Array((length + 1) * rows * hidden),
    squashed: new Float64Array(length * rows * hidden),
    dHidden: new Float64Array(rows * hidden),
    dCell: new Float64Array(rows * hidden),
    dGates: new Float64Array(rows * 4 * hidden),
  };
}

/** Writes one slot's inputs of window `row`. */
export function setInputs(tape: Tape, t: number, row: number, inputs: ArrayLike<number>, at: number): void {
  const width = tape.joined.length / ((tape.length + 1) * tape.rows);
  const to = (t * tape.rows + row) * width;
  for (let i = 0; i < INPUTS; i++) tape.joined[to + i] = inputs[at + i] as number;
}

/** Index in `joined` of the final hidden state of window `row`. */
export function finalHidden(tape: Tape, hidden: number, row: number): number {
  return (tape.length * tape.rows + row) * (INPUTS + hidden) + INPUTS;
}

/** Runs all windows from a state of zeros. */
export function forwardLstm(network: Network, tape: Tape): void {
  const { hidden: units, lstm, lstmBias } = network;
  const { rows, length, joined, gates, cells, squashed } = tape;
  const width = INPUTS + units;
  for (let row = 0; row < rows; row++) joined.fill(0, row * width + INPUTS, (row + 1) * width);
  cells.fill(0, 0, rows * units);
  for (let t = 0; t < length; t++) {
    const z0 = t * rows * 4 * units;
    for (let row = 0; row < rows; row++) gates.set(lstmBias, z0 + row * 4 * units);
    addProduct(gates, z0, joined, t * rows * width, lstm, rows, width, 4 * units);
    for (let row = 0; row < rows; row++) {
      const h = ((t + 1) * rows + row) * width + INPUTS;
      for (let u = 0; u < units; u++) {
        const z = z0 + row * 4 * units + u;
        const e = (t * rows + row) * units + u;
        const i = sigmoid(gates[z] as number);
        const f = sigmoid(gates[z + units] as number);
        const g = tanh(gates[z + 2 * units] as number);
        const o = sigmoid(gates[z + 3 * units] as number);
        const c = f * (cells[e] as number) + i * g;
        const s = tanh(c);
        gates[z] = i;
        gates[z + units] = f;
        gates[z + 2 * units] = g;
        gates[z + 3 * units] = o;
        cells[e + rows * units] = c;
        squashed[e] = s;
        joined[h + u] = o * s;
      }
    }
  }
}

/**
 * Back-propagation through time (Werbos 1990): adds to `gradient.lstm` and `gradient.lstmBias`.
 * Expects the loss' derivative by the final hidden state in `tape.dHidden`, and uses it up.
 */
export function backwardLstm(network: Network, tape: Tape, gradient: Network): void {
  const { hidden: units, lstm } = network;
  const { rows, length, joined, gates, cells, squashed, dHidden, dCell, dGates } = tape;
  const width = INPUTS + units;
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
    addOuter(gradient.lstm, joined, t * rows * width, dGates, rows, width, 4 * units);
    for (let row = 0; row < rows; row++) {
      for (let j = 0; j < 4 * units; j++) {
        gradient.lstmBias[j] = (gradient.lstmBias[j] as number) + (dGates[row * 4 * units + j] as number);
      }
    }
    if (t > 0) backProduct(dHidden, dGates, lstm, INPUTS, rows, units, 4 * units);
  }
}
