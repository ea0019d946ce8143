import { backwardLstm, beginTape, finalHidden, forwardLstm, setInputs, type Tape } from '../cells/lstm.ts';
import { backHead, backRise, headWidth, rawOutputs, rise } from '../head.ts';
import { EXTRAS, HORIZONS, INPUTS, type Network, networkOver, OUTPUTS } from '../network.ts';
import { pinballLoss } from '../pinball.ts';
import type { Slots, Window } from './windows.ts';

/** Working memory for batches of up to `rows` windows (a multiple of 4) of `length` slots. */
export class Batch {
  readonly gradient: Network;
  readonly #tape: Tape;
  readonly #rows: number;
  readonly #length: number;
  readonly #v: Float64Array;
  readonly #raw = new Float64Array(OUTPUTS);
  readonly #quantiles = new Float64Array(OUTPUTS);
  readonly #d = new Float64Array(OUTPUTS);

  constructor(hidden: number, length: number, rows: number) {
    this.gradient = networkOver(hidden);
    this.#tape = beginTape(length, rows, hidden);
    this.#rows = rows;
    this.#length = length;
    this.#v = new Float64Array(headWidth(hidden));
  }

  /**
   * Mean loss over windows `from` .. `to`, at most as many as there are rows.
   *
   * @param learn also fills `gradient`
   */
  run(network: Network, all: readonly Slots[], windows: readonly Window[], from: number, to: number, learn: boolean): number {
    const { hidden } = network;
    const tape = this.#tape;
    for (let row = 0; row < this.#rows; row++) {
      // Rows past the end repeat the last window: their gradient stays zero.
      const { series, slot } = windows[Math.min(from + row, to - 1)] as Window;
      const { inputs } = all[series] as Slots;
      for (let t = 0; t < this.#length; t++) setInputs(tape, t, row, inputs, (slot - this.#length + 1 + t) * INPUTS);
    }
    forwardLstm(network, tape);
    if (learn) {
      this.gradient.flat.fill(0);
      tape.dHidden.fill(0);
    }
    let loss = 0;
    for (let row = 0; row < to - from; row++) {
      const { series, slot } = windows[from + row] as Window;
      const { inputs, extras, targets } = all[series] as Slots;
      const h = finalHidden(tape, hidden, row);
      for (let u = 0; u < hidden; u++) this.#v[u] = tape.joined[h + u] as number;
      for (let i = 0; i < INPUTS; i++) this.#v[hidden + i] = inputs[slot * INPUTS + i] as number;
      for (let i = 0; i < EXTRAS; i++) this.#v[hidden + INPUTS + i] = extras[slot * EXTRAS + i] as number;
      rawOutputs(network, this.#v, this.#raw);
      rise(this.#raw, this.#quantiles);
      loss += pinballLoss(this.#quantiles, targets, slot * HORIZONS.length, 1 / (to - from), this.#d);
      if (!learn) continue;
      backRise(this.#raw, this.#d);
      backHead(network, this.#v, this.#d, this.gradient, tape.dHidden, row * hidden);
    }
    if (learn) backwardLstm(network, tape, this.gradient);
    return loss / (to - from);
  }
}
