import type { SeededRandom } from '@auspex/numerics';
import { Adam, clip } from '../adam.ts';
import type { RnnOptions } from '../config.ts';
import { type Network, startNetwork } from '../network.ts';
import { Batch } from './batch.ts';
import type { Slots, Window } from './windows.ts';

/** Longest gradient that a step follows in full. */
const CLIP = 1;

/** A trained network and how it came about. */
export interface Trained {
  /** Undefined when training went astray: the loss was no number, or no epoch beat the network that it began with. */
  readonly network: Network | undefined;
  /** Mean loss of each epoch over the training windows, in the series' changes. */
  readonly losses: readonly number[];
  /** Loss over the held-out windows: before training, then after each epoch. */
  readonly heldOut: readonly number[];
}

/** Adam over shuffled batches for some epochs; keeps the weights of the epoch that did best on held-out windows. Deterministic. */
export function fitNetwork(
  all: readonly Slots[],
  windows: { readonly training: readonly Window[]; readonly heldOut: readonly Window[] },
  options: Pick<RnnOptions, 'hidden' | 'window' | 'epochs' | 'batch' | 'learningRate'>,
  random: SeededRandom,
  signal?: AbortSignal,
): Trained {
  const { hidden, epochs, batch: rows, learningRate } = options;
  const network = startNetwork(hidden, random.fork('start'));
  const batch = new Batch(hidden, options.window, rows);
  const adam = new Adam(network.flat.length);
  const order = [...windows.training];
  const steps = epochs * Math.ceil(order.length / rows);
  const losses: number[] = [];
  const heldOut = [meanLoss(batch, network, all, windows.heldOut, rows)];
  let least = heldOut[0] as number;
  let best: Float64Array | undefined;
  for (let epoch = 0, step = 0; epoch < epochs && !signal?.aborted; epoch++) {
    shuffle(order, random);
    let sum = 0;
    for (let from = 0; from < order.length; from += rows, step++) {
      const to = Math.min(order.length, from + rows);
      sum += (to - from) * batch.run(network, all, order, from, to, true);
      clip(batch.gradient.flat, CLIP);
      adam.step(network.flat, batch.gradient.flat, learningRate * (1 - (0.9 * step) / steps));
    }
    losses.push(sum / order.length);
    const judged = meanLoss(batch, network, all, windows.heldOut, rows);
    heldOut.push(judged);
    // Not a number: no later epoch can come back from that.
    if (!Number.isFinite(sum) || !Number.isFinite(judged)) return { network: undefined, losses, heldOut };
    if (judged >= least) continue;
    least = judged;
    best = network.flat.slice();
  }
  if (best) network.flat.set(best);
  return { network: best && network, losses, heldOut };
}

function meanLoss(batch: Batch, network: Network, all: readonly Slots[], windows: readonly Window[], rows: number): number {
  let sum = 0;
  for (let from = 0; from < windows.length; from += rows) {
    const to = Math.min(windows.length, from + rows);
    sum += (to - from) * batch.run(network, all, windows, from, to, false);
  }
  return sum / windows.length;
}

function shuffle(list: Window[], random: SeededRandom): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const held = list[i] as Window;
    list[i] = list[j] as Window;
    list[j] = held;
  }
}
