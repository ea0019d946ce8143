// What the native backend is measured against: the same training written straight on TensorFlow.js, with TensorFlow's fused kernels
// behind tf.customGrad, tf.train.adam and the loss by ops; nothing of Auspex in it but the data. reference.ts lstm|gru.
import { createRequire } from 'node:module';
import path from 'node:path';
import util from 'node:util';
import { batchOf, EPOCHS, EPSILON, HIDDEN, INPUTS, LENGTH, LEVELS, makeData, RATE, ROWS, startOf, WINDOWS } from './data.ts';
import type { Figures } from './figures.ts';

const shared = util as unknown as Record<string, unknown>;
shared['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
shared['isArray'] ??= Array.isArray;
process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
const { AUSPEX_PEERS: folder } = process.env;
const require = createRequire(
  folder ? path.resolve(folder, 'x.js') : new URL('../../../packages/models-rnn/package.json', import.meta.url),
);

// biome-ignore lint/suspicious/noExplicitAny: a program against a package that is not there when types are checked
type Any = any;
const cell = process.argv[2] as 'lstm' | 'gru';
const began = performance.now();
const tf: Any = require('@tensorflow/tfjs-node');
const { Int64Scalar }: Any = require('@tensorflow/tfjs-node/dist/int64_tensors.js');
const native: Any = tf.backend();
const { binding } = native;
const loadMs = performance.now() - began;
const float = { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
const noPeephole = { name: 'use_peephole', type: binding.TF_ATTR_BOOL, value: false };
const noClip = { name: 'cell_clip', type: binding.TF_ATTR_FLOAT, value: 0 };
const slots = new Int64Scalar(LENGTH);
const peephole = tf.keep(tf.zeros([HIDDEN]));

/** [T x B x I] to the last h, [B x H]. */
const lstm = tf.customGrad((x: Any, w: Any, b: Any, save: Any) => {
  const rows = x.shape[1];
  const zero = tf.zeros([rows, HIDDEN]);
  const given = [slots, x, zero, zero, w, peephole, peephole, peephole, b];
  const tape = native.executeMultipleOutputs('BlockLSTMV2', [float, noPeephole, noClip], given, 7);
  save([x, w, b, ...tape]);
  return {
    value: tape[6].slice([LENGTH - 1, 0, 0], [1, rows, HIDDEN]).reshape([rows, HIDDEN]),
    gradFunc: (dy: Any, saved: Any) => {
      const [xs, ws, bs, ...kept] = saved;
      const none = tf.zeros([rows, HIDDEN]);
      const dh = tf.concat([tf.zeros([LENGTH - 1, rows, HIDDEN]), dy.expandDims(0)], 0);
      const all = [slots, xs, none, none, ws, peephole, peephole, peephole, bs, ...kept, tf.zerosLike(dh), dh];
      const d = native.executeMultipleOutputs('BlockLSTMGradV2', [float, noPeephole], all, 8);
      return [d[0], d[3], d[7]];
    },
  };
});

const gru = tf.customGrad((x: Any, w: Any, b: Any, v: Any, a: Any, save: Any) => {
  const rows = x.shape[1];
  const kept: Any[] = [];
  let h = tf.zeros([rows, HIDDEN]);
  for (const slot of tf.unstack(x)) {
    const [r, u, c, next] = native.executeMultipleOutputs('GRUBlockCell', [float], [slot, h, w, v, b, a], 4);
    kept.push(slot, h, r, u, c);
    h = next;
  }
  save([w, b, v, a, ...kept]);
  return {
    value: h,
    gradFunc: (dy: Any, saved: Any) => {
      const [ws, bs, vs, as] = saved;
      const [xs, hs, resets, gates, candidates]: Any[][] = [[], [], [], [], []];
      let dh = dy;
      for (let t = LENGTH - 1; t >= 0; t--) {
        const [slot, before, r, u, c] = saved.slice(4 + 5 * t, 9 + 5 * t);
        const given = [slot, before, ws, vs, bs, as, r, u, c, dh];
        const [, dBefore, dc, dru] = native.executeMultipleOutputs('GRUBlockCellGrad', [float], given, 4);
        xs?.push(slot);
        hs?.push(before);
        resets?.push(before.mul(r));
        gates?.push(dru);
        candidates?.push(dc);
        dh = dBefore;
      }
      const [x0, dg, dc] = [tf.concat(xs, 0), tf.concat(gates, 0), tf.concat(candidates, 0)];
      const joined = tf.concat([x0, tf.concat(hs, 0)], 1);
      const reset = tf.concat([x0, tf.concat(resets, 0)], 1);
      return [tf.zeros([LENGTH, rows, INPUTS]), joined.matMul(dg, true), dg.sum(0), reset.matMul(dc, true), dc.sum(0)];
    },
  };
});

const data = makeData();
const start = startOf(cell, data);
const variable = (values: Float64Array, ...shape: number[]): Any => tf.variable(tf.tensor(Float32Array.from(values), shape));
const width = (cell === 'lstm' ? 4 : 2) * HIDDEN;
const weights = [variable(start.gates, INPUTS + HIDDEN, width), variable(start.gatesBias, width)];
if (cell === 'gru') weights.push(variable(start.candidate, INPUTS + HIDDEN, HIDDEN), variable(start.candidateBias, HIDDEN));
const head = [variable(start.context, HIDDEN, LEVELS.length), variable(start.contextBias, LEVELS.length)];
const x = tf.tensor3d(data.inputs, [WINDOWS, LENGTH, INPUTS]).transpose([1, 0, 2]);
const y = tf.tensor2d(data.targets, [WINDOWS, 1]);
const levels = tf.tensor2d([LEVELS]);
const below = levels.sub(1);
const predict = (inputs: Any): Any =>
  (cell === 'lstm' ? lstm : gru)(inputs, ...weights)
    .matMul(head[0])
    .add(head[1]);

const before = process.cpuUsage();
const adam = tf.train.adam(RATE, 0.9, 0.999, EPSILON);
let loss = 0;
for (let epoch = 0; epoch < EPOCHS; epoch++) {
  let sum = 0;
  for (let from = 0; from < WINDOWS; from += ROWS) {
    const rows = Math.min(ROWS, WINDOWS - from);
    const cost = tf.tidy(() =>
      adam.minimize(
        () => {
          const off = y.slice([from, 0], [rows, 1]).sub(predict(x.slice([0, from, 0], [LENGTH, rows, INPUTS])));
          return tf.maximum(off.mul(levels), off.mul(below)).mean();
        },
        true,
        [...weights, ...head],
      ),
    );
    sum += rows * cost.dataSync()[0];
    cost.dispose();
  }
  loss = sum / WINDOWS;
}
const { user, system } = process.cpuUsage(before);

const asked = batchOf(data, 0, 1000);
const answer = (): Any => tf.tidy(() => predict(tf.tensor(asked.inputs, [LENGTH, 1000, INPUTS])).dataSync());
answer();
const clock = performance.now();
answer();
const figures: Figures = {
  version: `TensorFlow ${binding.TF_Version} through tfjs-node ${tf.version['tfjs-node']}`,
  cpuS: (user + system) / 1e6,
  loss,
  predictMs: performance.now() - clock,
  loadMs,
  rssMb: process.resourceUsage().maxRSS / 1024,
};
console.log(JSON.stringify(figures));
