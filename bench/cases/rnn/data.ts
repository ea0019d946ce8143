// The benchmark's data: windows of a made-up series with slow volatility, a cycle and noise, and the weights to begin from.
// The same numbers on every machine.
import type { Batch } from '../../../packages/models-rnn/src/backends/backend.ts';
import { type Network, networkOver, type Shape } from '../../../packages/models-rnn/src/network/shape.ts';

export const WINDOWS = 2000;
export const LENGTH = 48;
export const INPUTS = 4;
export const HIDDEN = 32;
export const LEVELS = [0.1, 0.5, 0.9];
/** Windows a step of Adam, epochs, and Adam's step size and epsilon. */
export const ROWS = 64;
export const EPOCHS = 5;
export const RATE = 1e-3;
export const EPSILON = 1e-7;

export interface Data {
  /** [N x T x I]. */
  readonly inputs: Float32Array;
  /** [N]: the series' next value. */
  readonly targets: Float32Array;
  /** [I x 4H], [H x 4H] and [H x Q]. */
  readonly inputWeights: Float32Array;
  readonly hiddenWeights: Float32Array;
  readonly headWeights: Float32Array;
}

export function makeData(): Data {
  let state = 12345;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform() + 1e-12)) * Math.cos(2 * Math.PI * uniform());
  const slots = WINDOWS + LENGTH + 1;
  const series = new Float64Array(slots * INPUTS);
  let value = 0;
  let volatility = 1;
  for (let t = 0; t < slots; t++) {
    volatility = 0.98 * volatility + 0.02 * (0.5 + 2 * uniform());
    value = 0.7 * value + 0.3 * volatility * normal() + 0.2 * Math.sin(t / 12);
    series.set([value, volatility - 1, Math.sin(t / 12), 0.5 * normal()], t * INPUTS);
  }
  const inputs = new Float32Array(WINDOWS * LENGTH * INPUTS);
  for (let n = 0; n < WINDOWS; n++) inputs.set(series.subarray(n * INPUTS, (n + LENGTH) * INPUTS), n * LENGTH * INPUTS);
  const targets = Float32Array.from({ length: WINDOWS }, (_, n) => series[(n + LENGTH) * INPUTS] as number);
  const draw = (rows: number, columns: number): Float32Array => {
    const limit = Math.sqrt(6 / (rows + columns));
    return Float32Array.from({ length: rows * columns }, () => (2 * uniform() - 1) * limit);
  };
  const inputWeights = draw(INPUTS, 4 * HIDDEN);
  const hiddenWeights = draw(HIDDEN, 4 * HIDDEN);
  return { inputs, targets, inputWeights, hiddenWeights, headWeights: draw(HIDDEN, LEVELS.length) };
}

export function shapeFor(cell: Shape['cell']): Shape {
  return { cell, inputs: INPUTS, hidden: HIDDEN, statics: 0, locals: 0, decoder: 0, levels: LEVELS, rising: false };
}

/** Columns `from` .. `from + count` of a matrix with `of` columns. */
function columns(matrix: Float32Array, of: number, from: number, count: number): Float32Array {
  return Float32Array.from(
    { length: (matrix.length / of) * count },
    (_, i) => matrix[Math.floor(i / count) * of + from + (i % count)] as number,
  );
}

/** The network to begin with: an LSTM's forget gates are open; a GRU takes three of the four gates' columns. */
export function startOf(cell: Shape['cell'], { inputWeights, hiddenWeights, headWeights }: Data): Network {
  const network = networkOver(shapeFor(cell));
  const fill = (into: Float64Array, from: number, count: number): void => {
    into.set(columns(inputWeights, 4 * HIDDEN, from, count));
    into.set(columns(hiddenWeights, 4 * HIDDEN, from, count), INPUTS * count);
  };
  if (cell === 'lstm') {
    fill(network.gates, 0, 4 * HIDDEN);
    network.gatesBias.fill(1, HIDDEN, 2 * HIDDEN);
  } else {
    fill(network.gates, 0, 2 * HIDDEN);
    fill(network.candidate, 2 * HIDDEN, HIDDEN);
  }
  network.context.set(headWeights);
  return network;
}

/** Windows `from` .. `from + rows` as a batch: time first. */
export function batchOf({ inputs, targets }: Data, from: number, rows: number): Batch {
  const turned = new Float32Array(LENGTH * rows * INPUTS);
  for (let b = 0; b < rows; b++) {
    for (let t = 0; t < LENGTH; t++) {
      const at = ((from + b) * LENGTH + t) * INPUTS;
      for (let i = 0; i < INPUTS; i++) turned[(t * rows + b) * INPUTS + i] = inputs[at + i] as number;
    }
  }
  const none = new Float32Array(0);
  return { length: LENGTH, rows, points: 1, inputs: turned, statics: none, locals: none, targets: targets.subarray(from, from + rows) };
}
