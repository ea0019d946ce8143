import { stepGru } from './gru.ts';
import { stepLstm } from './lstm.ts';
import type { Network } from './shape.ts';

/** One slot of one series, in place: what serving does. `hidden` and `cell` are [H] (`cell` of an LSTM only), `gates` is scratch [4H]. */
export function stepCell(
  network: Network,
  inputs: ArrayLike<number>,
  at: number,
  hidden: Float64Array,
  cell: Float64Array,
  gates: Float64Array,
): void {
  if (network.shape.cell === 'gru') stepGru(network, inputs, at, hidden, gates);
  else stepLstm(network, inputs, at, hidden, cell, gates);
}
