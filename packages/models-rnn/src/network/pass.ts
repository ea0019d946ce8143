import { backwardGru, beginGruTape, forwardGru, type GruTape } from './gru.ts';
import type { Rows } from './joined.ts';
import type { allot } from './kernels.ts';
import { backwardLstm, beginLstmTape, forwardLstm, type LstmTape } from './lstm.ts';
import { padded } from './matrix.ts';
import type { Network, Shape } from './shape.ts';

/** Memory of one pass of either cell over a batch of windows, there and back. */
export type Tape = LstmTape | GruTape;

/**
 * @param count windows, at most
 * @param how `allotFast` for a tape that is kept and used again; `allot` for one that is not
 */
export function beginTape(shape: Shape, length: number, count: number, how: typeof allot): Tape {
  return shape.cell === 'gru' ? beginGruTape(shape, length, count, how) : beginLstmTape(shape, length, count, how);
}

export function forward(network: Network, tape: Tape, inputs: ArrayLike<number>, which: Rows): void {
  if (tape.cell === 'gru') forwardGru(network, tape, inputs, which);
  else forwardLstm(network, tape, inputs, which);
}

export function backward(network: Network, tape: Tape, gradient: Network): void {
  if (tape.cell === 'gru') backwardGru(network, tape, gradient);
  else backwardLstm(network, tape, gradient);
}

/** Where the final hidden states lie in `tape.joined`: row b's H from `start + b * stride` on. */
export function finalStates({ length, rows }: Tape, { inputs, hidden }: Shape): { readonly start: number; readonly stride: number } {
  const stride = padded(inputs) + hidden;
  return { start: length * rows * stride + padded(inputs), stride };
}
