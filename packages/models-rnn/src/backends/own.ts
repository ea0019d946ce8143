import { Adam, clip } from '../network/adam.ts';
import { Backprop } from '../network/backprop.ts';
import { beginHeadTape, forwardHead } from '../network/head.ts';
import { allot, allotFast } from '../network/kernels.ts';
import { beginTape, finalStates, forward, type Tape } from '../network/pass.ts';
import { type Network, networkOver, type Shape, sizeOf } from '../network/shape.ts';
import type { Backend, Batch, Carried, Trainer, TrainerOptions } from './backend.ts';

/** Windows that run through the cell together outside training: enough for the kernels, and their tape stays in the cache. */
const ROWS = 64;
/** So few are not worth the fast kernels. */
const FEW = 16;

/** Typed arrays and our own back-propagation: no dependency, the same bytes on every machine. */
export const own: Backend = {
  name: 'own',
  version: 'typed arrays',
  encode(network, inputs, length, rows): Carried {
    const { shape } = network;
    const { hidden: units } = shape;
    const hidden = new Float64Array(rows * units);
    const cell = new Float64Array(rows * units);
    const tape = tapeFor(shape, length, rows);
    const { start, stride } = finalStates(tape, shape);
    for (let from = 0; from < rows; from += ROWS) {
      const count = Math.min(ROWS, rows - from);
      forward(network, tape, inputs, { from, count, of: rows });
      for (let b = 0; b < count; b++) {
        const at = start + b * stride;
        hidden.set(tape.joined.subarray(at, at + units), (from + b) * units);
      }
      if (tape.cell === 'lstm') {
        const at = length * tape.rows * units;
        cell.set(tape.cells.subarray(at, at + count * units), from * units);
      }
    }
    return { hidden, cell };
  },
  decode(network, hidden, asked): Float64Array {
    const tape = beginHeadTape(network.shape, asked.rows, asked.points);
    forwardHead(network, tape, hidden, 0, network.shape.hidden, asked);
    return tape.quantiles.subarray(0, asked.rows * asked.points * network.shape.levels.length);
  },
  trainer: (network, options = {}) => new OwnTrainer(network, options),
  close() {},
};

let kept: { readonly key: string; readonly tape: Tape } | undefined;

/** Memory for one pass. One of many windows is kept, as forecasts ask for the same again and again; nothing in it outlives a pass. */
function tapeFor(shape: Shape, length: number, rows: number): Tape {
  if (rows <= FEW) return beginTape(shape, length, rows, allot);
  const key = `${shape.cell} ${shape.inputs} ${shape.hidden} ${length}`;
  if (kept?.key !== key) kept = { key, tape: beginTape(shape, length, ROWS, allotFast) };
  return kept.tape;
}

class OwnTrainer implements Trainer {
  readonly #network: Network;
  readonly #gradient: Network;
  readonly #backprop = new Backprop();
  readonly #adam: Adam;
  readonly #clip: number;

  constructor({ shape, flat }: Network, { epsilon = 1e-7, clip: most = 1 }: TrainerOptions) {
    this.#network = networkOver(shape, flat.slice());
    this.#gradient = networkOver(shape);
    this.#adam = new Adam(sizeOf(shape), epsilon);
    this.#clip = most;
  }

  step(batch: Batch, rate: number): number {
    const loss = this.#backprop.gradient(this.#network, batch, this.#gradient);
    if (!Number.isFinite(loss)) return loss;
    clip(this.#gradient.flat, this.#clip);
    this.#adam.step(this.#network.flat, this.#gradient.flat, rate);
    return loss;
  }

  loss(batch: Batch): number {
    return this.#backprop.loss(this.#network, batch);
  }

  weights(): Float64Array {
    return this.#network.flat.slice();
  }

  close(): void {}
}
