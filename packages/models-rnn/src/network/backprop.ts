import type { Batch } from '../backends/backend.ts';
import { poisonOf } from './finite.ts';
import { backHead, beginHeadTape, forwardHead, type HeadTape } from './head.ts';
import { type allot, allotFast } from './kernels.ts';
import { padded } from './matrix.ts';
import { backward, beginTape, finalStates, forward, type Tape } from './pass.ts';
import { pinballLoss } from './pinball.ts';
import type { Network, Shape } from './shape.ts';

/** Sizes of batches whose memory is kept. */
const TAPES = 4;

/** Loss and gradient of batches for networks of one shape. Keeps its memory from batch to batch. */
export class Backprop {
  /** By rows and length: an epoch's batches and its last, which is shorter. */
  readonly #tapes = new Map<string, Tape>();
  readonly #how: typeof allot;
  #head: HeadTape | undefined;
  #d = new Float64Array(0);

  /** @param how what multiplies; default the fast kernels */
  constructor(how: typeof allot = allotFast) {
    this.#how = how;
  }

  /** Mean pinball loss over all observed points and levels; not finite where an input, a weight or a target is not. */
  loss(network: Network, batch: Batch): number {
    return this.#forward(network, batch).loss;
  }

  /**
   * The same, and its gradient by all weights.
   *
   * @param gradient receives it; left alone where the loss is not finite
   */
  gradient(network: Network, batch: Batch, gradient: Network): number {
    const { loss, tape, head } = this.#forward(network, batch);
    if (!Number.isFinite(loss)) return loss;
    gradient.flat.fill(0);
    tape.dHidden.fill(0);
    const { start, stride } = finalStates(tape, network.shape);
    backHead(network, head, tape.joined, start, stride, batch, this.#d, gradient, tape.dHidden);
    backward(network, tape, gradient);
    return loss;
  }

  /** Leaves the loss' derivative by the quantiles in `#d`. */
  #forward(network: Network, batch: Batch): { readonly loss: number; readonly tape: Tape; readonly head: HeadTape } {
    const { shape } = network;
    const { length, rows, points, inputs, statics, locals, targets } = batch;
    const tape = this.#tape(shape, length, rows);
    let head = this.#head;
    if (head?.rows !== rows || head.points !== points) head = beginHeadTape(shape, rows, points);
    this.#head = head;
    if (this.#d.length !== head.quantiles.length) this.#d = new Float64Array(head.quantiles.length);
    forward(network, tape, inputs, { from: 0, count: rows, of: rows });
    const { start, stride } = finalStates(tape, shape);
    forwardHead(network, head, tape.joined, start, stride, batch);
    const loss = pinballLoss(shape.levels, head.quantiles, targets, rows * points, this.#d);
    return { loss: loss + poisonOf(inputs) + poisonOf(statics) + poisonOf(locals), tape, head };
  }

  #tape(shape: Shape, length: number, rows: number): Tape {
    const sizes = `${padded(rows)} x ${length}`;
    let tape = this.#tapes.get(sizes);
    if (!tape) {
      if (this.#tapes.size === TAPES) this.#tapes.clear();
      tape = beginTape(shape, length, rows, this.#how);
      this.#tapes.set(sizes, tape);
    }
    return tape;
  }
}
