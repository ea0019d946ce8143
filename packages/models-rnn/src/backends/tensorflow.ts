import util from 'node:util';
import { agrees } from './agree.ts';
import type { Backend } from './backend.ts';
import { type Cell, graphBackend, type Passed } from './graph.ts';
import { loadPeer, type Tensor, type Tf, unavailable } from './tfjs.ts';

/** How to get it, in one line. */
export const TENSORFLOW_REMEDY: string =
  'Install it: npm install @tensorflow/tfjs-node@4.22.0; where its download of libtensorflow is out of reach, with --ignore-scripts and then `npx auspex-install-tfjs-node`.';

interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: number | boolean;
}

/** The part of tfjs-node's backend that we use: TensorFlow's kernels by name, also those that TensorFlow.js has no call for. */
interface NodeBackend {
  readonly binding: {
    readonly TF_Version: string;
    readonly TF_ATTR_TYPE: number;
    readonly TF_ATTR_BOOL: number;
    readonly TF_ATTR_FLOAT: number;
    readonly TF_FLOAT: number;
    readonly TF_INT64: number;
    createTensor(shape: readonly number[], type: number, values: Int32Array): number;
    deleteTensor(id: number): void;
  };
  readonly tensorMap: { set(dataId: object, info: object): void; delete(dataId: object): void };
  executeMultipleOutputs(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly { readonly dataId: object }[],
    outputs: number,
  ): Tensor[];
}

/**
 * TensorFlow through @tensorflow/tfjs-node: a whole window is one kernel there and one back (BlockLSTMV2), or one a slot (GRUBlockCell).
 *
 * @throws AuspexError (PLUGIN_NOT_FOUND) when it is not installed, (PLUGIN_FAILED) when it does not load or compute what `own` does
 */
export function loadTensorflow(): Backend {
  try {
    shimUtil();
    // Or it greets everybody on stderr with the instruction sets that it found.
    process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
    const tf = loadPeer<Tf>('@tensorflow/tfjs-node');
    if (tf.getBackend() !== 'tensorflow') void tf.setBackend('tensorflow');
    const native = tf.backend() as NodeBackend;
    const kernels = new Kernels(tf, native);
    const version = `TensorFlow ${native.binding.TF_Version} through tfjs-node ${tf.version['tfjs-node']}`;
    const backend = graphBackend(
      tf,
      'tensorflow',
      version,
      (shape, inputs, weights) => (shape.cell === 'lstm' ? kernels.lstm(shape, inputs, weights) : kernels.gru(shape, inputs, weights)),
      () => kernels.close(),
    );
    const wrong = agrees(backend);
    if (wrong) throw new Error(`${version}: ${wrong}`);
    return backend;
  } catch (error) {
    throw unavailable('tensorflow', error, TENSORFLOW_REMEDY);
  }
}

/** tfjs-node 4.22 calls `util.isNullOrUndefined` and `util.isArray`; Node 23 has removed the first. */
function shimUtil(): void {
  const shared = util as unknown as Record<string, unknown>;
  shared['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  shared['isArray'] ??= Array.isArray;
}

class Kernels {
  readonly #tf: Tf;
  readonly #native: NodeBackend;
  readonly #float: Attribute;
  readonly #lstm: readonly Attribute[];
  readonly #lstmForward: readonly Attribute[];
  /** Numbers of slots as int64 tensors, which TensorFlow.js does not have: made once each, else every call would leak one. */
  readonly #lengths = new Map<number, { readonly dataId: object; readonly id: number }>();

  constructor(tf: Tf, native: NodeBackend) {
    this.#tf = tf;
    this.#native = native;
    const { TF_ATTR_TYPE, TF_ATTR_BOOL, TF_ATTR_FLOAT, TF_FLOAT } = native.binding;
    this.#float = { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT };
    this.#lstm = [this.#float, { name: 'use_peephole', type: TF_ATTR_BOOL, value: false }];
    // 0: the cell is not clipped.
    this.#lstmForward = [...this.#lstm, { name: 'cell_clip', type: TF_ATTR_FLOAT, value: 0 }];
  }

  readonly lstm: Cell = ({ hidden: units }, inputs, { gates, gatesBias }): Passed => {
    const tf = this.#tf;
    const [length, rows] = inputs.shape as [number, number];
    const zero = tf.zeros([rows, units]);
    const peephole = tf.zeros([units]);
    const given = [this.#length(length), inputs, zero, zero, gates, peephole, peephole, peephole, gatesBias];
    // i, cell, f, o, g, tanh of the cell, h; each [T x B x H].
    const tape = this.#native.executeMultipleOutputs('BlockLSTMV2', this.#lstmForward, given, 7);
    const [, cells, , , , , hidden] = tape as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
    const last = (of: Tensor): Tensor => tf.reshape(tf.slice(of, [length - 1, 0, 0], [1, rows, units]), [rows, units]);
    return {
      hidden: last(hidden),
      cell: last(cells),
      back: (dHidden) => {
        const final = tf.reshape(dHidden, [1, rows, units]);
        const dAll = length > 1 ? tf.concat([tf.zeros([length - 1, rows, units]), final], 0) : final;
        const dCells = tf.zeros([length, rows, units]);
        const d = this.#native.executeMultipleOutputs('BlockLSTMGradV2', this.#lstm, [...given, ...tape, dCells, dAll], 8);
        return [
          ['gates', d[3] as Tensor],
          ['gatesBias', d[7] as Tensor],
        ];
      },
    };
  };

  readonly gru: Cell = ({ hidden: units, inputs: wide }, inputs, { gates, gatesBias, candidate, candidateBias }): Passed => {
    const tf = this.#tf;
    const [length, rows] = inputs.shape as [number, number];
    const weights = [gates, candidate, gatesBias, candidateBias];
    const slots = tf.unstack(inputs, 0);
    const [before, resets, updates, candidates]: [Tensor[], Tensor[], Tensor[], Tensor[]] = [[], [], [], []];
    let hidden = tf.zeros([rows, units]);
    for (const slot of slots) {
      const out = this.#native.executeMultipleOutputs('GRUBlockCell', [this.#float], [slot, hidden, ...weights], 4);
      const [r, u, c, next] = out as [Tensor, Tensor, Tensor, Tensor];
      before.push(hidden);
      resets.push(r);
      updates.push(u);
      candidates.push(c);
      hidden = next;
    }
    return {
      hidden,
      back: (dFinal) => {
        const dGates: Tensor[] = [];
        const dCandidates: Tensor[] = [];
        let d = dFinal;
        for (let t = length - 1; t >= 0; t--) {
          const given = [slots[t], before[t], ...weights, resets[t], updates[t], candidates[t], d] as Tensor[];
          const out = this.#native.executeMultipleOutputs('GRUBlockCellGrad', [this.#float], given, 4);
          const [, dBefore, dCandidate, dGate] = out as [Tensor, Tensor, Tensor, Tensor];
          dGates.unshift(dGate);
          dCandidates.unshift(dCandidate);
          d = dBefore;
        }
        // The kernel leaves the weights' gradient to us: one product over all slots for each.
        const x = tf.reshape(inputs, [length * rows, wide]);
        const h = tf.concat(before, 0);
        const [dg, dc] = [tf.concat(dGates, 0), tf.concat(dCandidates, 0)];
        const joined = tf.concat([x, h], 1);
        const reset = tf.concat([x, tf.mul(tf.concat(resets, 0), h)], 1);
        return [
          ['gates', tf.matMul(joined, dg, true)],
          ['gatesBias', tf.sum(dg, 0)],
          ['candidate', tf.matMul(reset, dc, true)],
          ['candidateBias', tf.sum(dc, 0)],
        ];
      },
    };
  };

  #length(length: number): { readonly dataId: object } {
    const known = this.#lengths.get(length);
    if (known) return known;
    const { binding, tensorMap } = this.#native;
    const dataId = {};
    // Low word first, as on every machine that tfjs-node runs on.
    const id = binding.createTensor([], binding.TF_INT64, Int32Array.of(length, 0));
    tensorMap.set(dataId, { shape: [], dtype: binding.TF_INT64, id, values: null, refCount: 1 });
    const made = { dataId, id };
    this.#lengths.set(length, made);
    return made;
  }

  close(): void {
    for (const { dataId, id } of this.#lengths.values()) {
      this.#native.tensorMap.delete(dataId);
      this.#native.binding.deleteTensor(id);
    }
    this.#lengths.clear();
  }
}
