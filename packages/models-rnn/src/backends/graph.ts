import { Adam, clip } from '../network/adam.ts';
import { poisonOf } from '../network/finite.ts';
import { pinballLoss } from '../network/pinball.ts';
import { type Group, groupsOf, medianOf, type Network, networkOver, type Shape, sizeOf } from '../network/shape.ts';
import type { Backend, BackendName, Batch, Carried, Trainer, TrainerOptions } from './backend.ts';
import type { Tensor, Tf } from './tfjs.ts';

// What the backends over TensorFlow.js share: everything but the recurrent cell.
//
// The way back is written out here: it takes a third of the kernels that TensorFlow.js' own differentiation runs, and does not need its
// table of gradients, which tfjs-core alone does not fill. Weights live in this process and go over with each call, as nothing
// next to what is computed with them: so no tensor outlives a call, and loss, clip and Adam are those of `own`, in double precision,
// instead of a dozen small kernels for each group of weights.

/** Tensors of a network's groups. */
export type Weights = Readonly<Record<Group, Tensor>>;

/** What a cell leaves after a forward pass. */
export interface Passed {
  /** Final h, [B x H], and c of an LSTM. */
  readonly hidden: Tensor;
  readonly cell?: Tensor;
  /** Gradients of the cell's groups from that by `hidden`. */
  back(dHidden: Tensor): readonly (readonly [Group, Tensor])[];
}

/** Runs a cell over `inputs`, [T x B x I], from a state of zeros. */
export type Cell = (shape: Shape, inputs: Tensor, weights: Weights) => Passed;

type Within = <Result>(compute: () => Result) => Result;

/** Windows that run through the cell together outside training; bounds the memory of its tape. */
const ROWS = 1024;

/** A backend over TensorFlow.js. `name` is its own there, too. `close` frees what the cell holds. */
export function graphBackend(tf: Tf, name: Exclude<BackendName, 'own'>, version: string, cell: Cell, close: () => void): Backend {
  /** Runs with our backend in charge, whatever else this process does with TensorFlow.js, and leaves no tensor behind. */
  const within: Within = (compute) => {
    const before = tf.getBackend();
    // A backend that is ready takes over at once; the promise is for those that are not.
    if (before !== name) void tf.setBackend(name);
    try {
      return tf.tidy(compute);
    } finally {
      if (before !== name) void tf.setBackend(before);
    }
  };
  const graph = new Graph(tf, cell);
  return {
    name,
    version,
    encode(network, inputs, length, rows): Carried {
      const { shape } = network;
      const hidden = new Float64Array(rows * shape.hidden);
      const carried = new Float64Array(rows * shape.hidden);
      for (let from = 0; from < rows; from += ROWS) {
        const count = Math.min(ROWS, rows - from);
        within(() => {
          const some = windows(inputs, length, rows, shape.inputs, from, count);
          const passed = cell(shape, tf.tensor(some, [length, count, shape.inputs]), graph.upload(network));
          hidden.set(passed.hidden.dataSync(), from * shape.hidden);
          if (passed.cell) carried.set(passed.cell.dataSync(), from * shape.hidden);
        });
      }
      return { hidden, cell: carried };
    },
    decode: (network, hidden, asked) =>
      within(() => {
        const { shape } = network;
        const states = tf.tensor(Float32Array.from(hidden), [asked.rows, shape.hidden]);
        return Float64Array.from(graph.head(shape, states, asked, graph.upload(network)).quantiles.dataSync());
      }),
    trainer: (network, options = {}) => new GraphTrainer(graph, within, network, options),
    close,
  };
}

type Asked = Pick<Batch, 'rows' | 'points' | 'statics' | 'locals'>;

/** What the head leaves after a forward pass. */
interface Answered {
  /** [B P x Q]. */
  readonly quantiles: Tensor;
  /** Gradients of the head's groups, and of the hidden state, from that by the quantiles. */
  back(d: Tensor): { readonly dHidden: Tensor; readonly groups: readonly (readonly [Group, Tensor])[] };
}

class Graph {
  readonly tf: Tf;
  readonly cell: Cell;

  constructor(tf: Tf, cell: Cell) {
    this.tf = tf;
    this.cell = cell;
  }

  upload(network: Network): Weights {
    const shapes = shapesOf(network.shape);
    const tensors = groupsOf(network.shape).map(([group]) => [group, this.tf.tensor(Float32Array.from(network[group]), shapes[group])]);
    return Object.fromEntries(tensors) as Weights;
  }

  /** The head of `Network` and its way back, all points in one product. */
  head(shape: Shape, hidden: Tensor, asked: Asked, weights: Weights): Answered {
    const { tf } = this;
    const { rows, points } = asked;
    const { decoder, hidden: cells } = shape;
    const statics = shape.statics > 0 ? tf.tensor(single(asked.statics), [rows, shape.statics]) : undefined;
    const locals = shape.locals > 0 ? tf.tensor(single(asked.locals), [rows * points, shape.locals]) : undefined;
    const seen = statics ? tf.concat([hidden, statics], 1) : hidden;
    let each = this.#forEach(tf.add(tf.matMul(seen, weights.context), weights.contextBias), points);
    let units: Tensor | undefined;
    if (decoder > 0) {
      units = tf.tanh(locals ? tf.add(each, tf.matMul(locals, weights.local)) : each);
      each = tf.add(tf.matMul(units, weights.out), weights.outBias);
    }
    const raw = locals ? tf.add(each, tf.matMul(locals, weights.skip)) : each;
    const risen = this.#rise(shape, raw);
    return {
      quantiles: risen.quantiles,
      back: (d) => {
        const groups: [Group, Tensor][] = [];
        let dEach = risen.back(d);
        if (locals) groups.push(['skip', tf.matMul(locals, dEach, true)]);
        if (units) {
          groups.push(['out', tf.matMul(units, dEach, true)], ['outBias', tf.sum(dEach, 0)]);
          const dUnits = tf.matMul(dEach, weights.out, false, true);
          dEach = tf.sub(dUnits, tf.mul(dUnits, tf.mul(units, units)));
          if (locals) groups.push(['local', tf.matMul(locals, dEach, true)]);
        }
        const width = dEach.shape[1] as number;
        const dContext = points === 1 ? dEach : tf.sum(tf.reshape(dEach, [rows, points, width]), 1);
        groups.push(['context', tf.matMul(seen, dContext, true)], ['contextBias', tf.sum(dContext, 0)]);
        const dSeen = tf.matMul(dContext, weights.context, false, true);
        return { dHidden: statics ? tf.slice(dSeen, [0, 0], [rows, cells]) : dSeen, groups };
      },
    };
  }

  /** A window's row for each of its points: [B x W] to [B P x W]. */
  #forEach(context: Tensor, points: number): Tensor {
    const { tf } = this;
    if (points === 1) return context;
    const [rows, width] = context.shape as [number, number];
    return tf.reshape(tf.add(tf.reshape(context, [rows, 1, width]), tf.zeros([rows, points, width])), [rows * points, width]);
  }

  /** The median as it is, each further level a softplus away from its inner neighbour: the sums are one product with ones. */
  #rise({ levels, rising }: Shape, raw: Tensor): { readonly quantiles: Tensor; back(d: Tensor): Tensor } {
    if (!rising || levels.length === 1) return { quantiles: raw, back: (d) => d };
    const { tf } = this;
    const columns = levels.length;
    const median = medianOf(levels);
    // Row: raw output; column: quantile that it moves.
    const asItIs = new Float32Array(columns * columns);
    const asStep = new Float32Array(columns * columns);
    for (let q = 0; q < columns; q++) {
      asItIs[median * columns + q] = 1;
      for (let step = median + 1; step <= q; step++) asStep[step * columns + q] = 1;
      for (let step = median - 1; step >= q; step--) asStep[step * columns + q] = -1;
    }
    const middle = tf.tensor(asItIs, [columns, columns]);
    const steps = tf.tensor(asStep, [columns, columns]);
    return {
      quantiles: tf.add(tf.matMul(raw, middle), tf.matMul(tf.softplus(raw), steps)),
      back: (d) => tf.add(tf.matMul(d, middle, false, true), tf.mul(tf.matMul(d, steps, false, true), tf.sigmoid(raw))),
    };
  }
}

class GraphTrainer implements Trainer {
  readonly #graph: Graph;
  readonly #within: Within;
  readonly #network: Network;
  readonly #gradient: Network;
  readonly #adam: Adam;
  readonly #clip: number;

  constructor(graph: Graph, within: Within, { shape, flat }: Network, { epsilon = 1e-7, clip: most = 1 }: TrainerOptions) {
    this.#graph = graph;
    this.#within = within;
    this.#network = networkOver(shape, flat.slice());
    this.#gradient = networkOver(shape);
    this.#adam = new Adam(sizeOf(shape), epsilon);
    this.#clip = most;
  }

  step(batch: Batch, rate: number): number {
    const loss = this.#run(batch, true);
    if (!Number.isFinite(loss)) return loss;
    clip(this.#gradient.flat, this.#clip);
    this.#adam.step(this.#network.flat, this.#gradient.flat, rate);
    return loss;
  }

  loss(batch: Batch): number {
    return this.#run(batch, false);
  }

  /** The loss; with `back`, and where it is finite, the gradient, too. */
  #run(batch: Batch, back: boolean): number {
    const { tf, cell } = this.#graph;
    const { shape } = this.#network;
    const { length, rows, points, inputs, statics, locals, targets } = batch;
    const broken = poisonOf(inputs) + poisonOf(statics) + poisonOf(locals);
    return this.#within(() => {
      const weights = this.#graph.upload(this.#network);
      const passed = cell(shape, tf.tensor(single(inputs), [length, rows, shape.inputs]), weights);
      const answered = this.#graph.head(shape, passed.hidden, batch, weights);
      const quantiles = Float64Array.from(answered.quantiles.dataSync());
      const d = new Float64Array(quantiles.length);
      const loss = pinballLoss(shape.levels, quantiles, targets, rows * points, d) + broken;
      if (!back || !Number.isFinite(loss)) return loss;
      const { dHidden, groups } = answered.back(tf.tensor(Float32Array.from(d), [rows * points, shape.levels.length]));
      for (const [group, tensor] of [...groups, ...passed.back(dHidden)]) this.#gradient[group].set(tensor.dataSync());
      return loss;
    });
  }

  weights(): Float64Array {
    return this.#network.flat.slice();
  }

  close(): void {}
}

function single(values: Float32Array | Float64Array): Float32Array {
  return values instanceof Float32Array ? values : Float32Array.from(values);
}

/** Windows `from` .. `from + count` of inputs [T x B x I]. */
function windows(
  inputs: Float32Array | Float64Array,
  length: number,
  rows: number,
  wide: number,
  from: number,
  count: number,
): Float32Array {
  if (count === rows) return single(inputs);
  const some = new Float32Array(length * count * wide);
  for (let t = 0; t < length; t++) {
    const at = (t * rows + from) * wide;
    some.set(inputs.subarray(at, at + count * wide), t * count * wide);
  }
  return some;
}

/** The groups' shapes as matrices. */
function shapesOf({ cell, inputs, hidden, statics, locals, decoder, levels }: Shape): Readonly<Record<Group, readonly number[]>> {
  const gates = (cell === 'lstm' ? 4 : 2) * hidden;
  const candidate = cell === 'gru' ? hidden : 0;
  const quantiles = levels.length;
  const width = decoder > 0 ? decoder : quantiles;
  return {
    gates: [inputs + hidden, gates],
    gatesBias: [gates],
    candidate: [inputs + hidden, candidate],
    candidateBias: [candidate],
    context: [hidden + statics, width],
    contextBias: [width],
    local: [locals, decoder],
    out: [decoder, quantiles],
    outBias: [decoder > 0 ? quantiles : 0],
    skip: [locals, quantiles],
  };
}
