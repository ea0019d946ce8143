import type { Network } from '../network/shape.ts';

/** A batch of windows and the points that each is asked for. All arrays row-major; those of a shape's size 0 are empty. */
export interface Batch {
  /** T: slots of a window. */
  readonly length: number;
  /** B: windows. */
  readonly rows: number;
  /** P: points of each window. */
  readonly points: number;
  /** [T x B x I]: time first, oldest slot first. */
  readonly inputs: Float32Array | Float64Array;
  /** [B x S]. */
  readonly statics: Float32Array | Float64Array;
  /** [B x P x L]. */
  readonly locals: Float32Array | Float64Array;
  /** [B x P]: what came. NaN = not observed: such a point leaves the loss alone. */
  readonly targets: Float32Array | Float64Array;
}

/** What the recurrent cell carries from slot to slot. */
export interface Carried {
  /** h, [B x H]. */
  readonly hidden: Float64Array;
  /** c of an LSTM, [B x H]; of a GRU unused. */
  readonly cell: Float64Array;
}

/** How a trainer goes down. */
export interface TrainerOptions {
  /** Adam's (Kingma & Ba 2015) epsilon. Default 1e-7, as in Keras. */
  readonly epsilon?: number;
  /** Longest gradient that a step follows in full (Pascanu et al. 2013). Infinity = any. Default 1. */
  readonly clip?: number;
}

/** One network under training. Holds the weights and Adam's moments where the backend computes. */
export interface Trainer {
  /**
   * One step of Adam down the mean pinball loss (Koenker & Bassett 1978) over all observed points and levels of the batch.
   *
   * @param rate step size
   * @returns the loss before the step. NaN or Infinity where an input, a target or a weight is: such a step changes nothing.
   */
  step(batch: Batch, rate: number): number;
  /** Mean pinball loss of the batch. 0 when no point of it was observed. */
  loss(batch: Batch): number;
  /** A copy of the weights as they are now. */
  weights(): Float64Array;
  close(): void;
}

/** Where a network is computed. Every backend answers the same questions with the same numbers, to 1e-5. */
export interface Backend {
  /** `own`, `tensorflow` or `wasm`. */
  readonly name: BackendName;
  /** What it runs on, for reports: "TensorFlow 2.15.1 through tfjs-node 4.22.0". */
  readonly version: string;
  /** Runs the cell over `length` slots from a state of zeros. `inputs` is [T x B x I]. */
  encode(network: Network, inputs: Float32Array | Float64Array, length: number, rows: number): Carried;
  /** Quantiles, [B x P x Q], of windows whose hidden state is known. */
  decode(network: Network, hidden: Float64Array, asked: Pick<Batch, 'rows' | 'points' | 'statics' | 'locals'>): Float64Array;
  /** Begins training from the weights of `network`, which stays as it is. */
  trainer(network: Network, options?: TrainerOptions): Trainer;
  /** Frees what it holds. */
  close(): void;
}

export type BackendName = 'own' | 'tensorflow' | 'wasm';
