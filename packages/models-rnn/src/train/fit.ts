import type { SeededRandom } from '@auspex/numerics';
import type { Backend, Batch, Trainer } from '../backends/backend.ts';
import { INPUTS, LOCALS, STATICS } from '../features.ts';
import { type Network, networkOver } from '../network/shape.ts';
import { POINTS, type Split, type Windows } from './windows.ts';

/** Steps between two judgements, and how many without a gain end the training. */
const JUDGE = 25;
const PATIENCE = 8;
/** What the mean of the weights keeps of itself at each judgement (Polyak & Juditsky 1992): it forecasts better than any of them. */
const KEPT = 0.6;
/** Least gain, as a share of the loss, that is worth other weights. */
const GAIN = 1e-3;
/** A loss so many times the first one, or so many units where that was none, is on its way to no number at all. */
const EXPLODED = 100;

export interface FitOptions {
  /** Most steps of Adam. */
  readonly steps: number;
  /** Windows a step. */
  readonly batch: number;
  /** Step size at the start; it falls to a tenth. */
  readonly learningRate: number;
}

/** How a training went. */
export interface Trained {
  /** Weights that did best on the held-out windows; those it began with when none did better. */
  readonly weights: Float64Array;
  /** Whether any beat them. */
  readonly better: boolean;
  readonly steps: number;
  /** Mean loss over the training windows between judgements, and over the held-out ones: before training, then at each. */
  readonly losses: readonly number[];
  readonly heldOut: readonly number[];
}

/** Training whose loss became no number, or grew out of bounds. */
export class Diverged extends Error {}

/**
 * Adam over shuffled batches; keeps the weights that did best on held-out windows, and stops when they are long past. The same windows,
 * network and seed give the same weights.
 *
 * @throws Diverged
 */
export function fitNetwork(
  backend: Backend,
  network: Network,
  { training, heldOut }: Split,
  options: FitOptions,
  random: SeededRandom,
  aborted: () => boolean = () => false,
): Trained {
  const trainer = backend.trainer(network);
  const judge = (weights: Float64Array): number => {
    const judged = backend.trainer(networkOver(network.shape, weights));
    try {
      return meanLoss(judged, heldOut, options.batch);
    } finally {
      judged.close();
    }
  };
  try {
    return fit(trainer, judge, network, training, options, random, aborted);
  } finally {
    trainer.close();
  }
}

function fit(
  trainer: Trainer,
  judge: (weights: Float64Array) => number,
  network: Network,
  training: Windows,
  { steps, batch: rows, learningRate }: FitOptions,
  random: SeededRandom,
  aborted: () => boolean,
): Trained {
  const order = Uint32Array.from({ length: training.count }, (_, i) => i);
  const losses: number[] = [];
  const judged = [judge(network.flat)];
  const first = checked(judged[0] as number, 0, Number.POSITIVE_INFINITY);
  let weights: Float64Array = network.flat.slice();
  let mean: Float64Array = weights;
  let least = first;
  let best = 0;
  let sum = 0;
  let step = 0;
  const most = EXPLODED * Math.max(1, first);
  for (let at = order.length; step < steps && !aborted(); ) {
    if (at + rows > order.length) {
      shuffle(order, random);
      at = 0;
    }
    const count = Math.min(rows, order.length);
    sum += checked(trainer.step(batchOf(training, order, at, at + count), learningRate * (1 - (0.9 * step) / steps)), step, most);
    at += count;
    step++;
    if (step % JUDGE !== 0 && step < steps) continue;
    losses.push(sum / (step % JUDGE || JUDGE));
    sum = 0;
    const now = trainer.weights();
    mean = mean.map((weight, i) => KEPT * weight + (1 - KEPT) * (now[i] as number));
    const loss = checked(judge(mean), step, most);
    judged.push(loss);
    if (loss < (1 - GAIN) * least) {
      least = loss;
      best = judged.length - 1;
      weights = mean;
    } else if (judged.length - 1 - best >= PATIENCE) break;
  }
  return { weights, better: best > 0, steps: step, losses, heldOut: judged };
}

function checked(loss: number, step: number, most: number): number {
  if (!(loss <= most)) throw new Diverged(`the loss was ${loss} after ${step} steps`);
  return loss;
}

/** Windows `order[from .. to)` as a batch, time first. */
export function batchOf({ length, inputs, statics, locals, targets }: Windows, order: Uint32Array, from: number, to: number): Batch {
  const rows = to - from;
  const batch = {
    length,
    rows,
    points: POINTS,
    inputs: new Float32Array(length * rows * INPUTS),
    statics: new Float32Array(rows * STATICS),
    locals: new Float32Array(rows * POINTS * LOCALS),
    targets: new Float32Array(rows * POINTS),
  };
  for (let row = 0; row < rows; row++) {
    const n = order[from + row] as number;
    for (let t = 0; t < length; t++) {
      const at = (n * length + t) * INPUTS;
      batch.inputs.set(inputs.subarray(at, at + INPUTS), (t * rows + row) * INPUTS);
    }
    batch.statics.set(statics.subarray(n * STATICS, (n + 1) * STATICS), row * STATICS);
    batch.locals.set(locals.subarray(n * POINTS * LOCALS, (n + 1) * POINTS * LOCALS), row * POINTS * LOCALS);
    batch.targets.set(targets.subarray(n * POINTS, (n + 1) * POINTS), row * POINTS);
  }
  return batch;
}

/** Mean over windows; each counts the same, whatever batch it is in. */
function meanLoss(trainer: Trainer, windows: Windows, rows: number): number {
  const order = Uint32Array.from({ length: windows.count }, (_, i) => i);
  let sum = 0;
  for (let from = 0; from < order.length; from += rows) {
    const to = Math.min(order.length, from + rows);
    sum += (to - from) * trainer.loss(batchOf(windows, order, from, to));
  }
  return sum / order.length;
}

function shuffle(order: Uint32Array, random: SeededRandom): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
}
