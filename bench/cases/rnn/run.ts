// One training and prediction in a process of its own: run.ts own|tensorflow|wasm lstm|gru. Prints one line of JSON.

import type { BackendName } from '../../../packages/models-rnn/src/backends/backend.ts';
import { chooseBackend } from '../../../packages/models-rnn/src/backends/choose.ts';
import { batchOf, EPOCHS, EPSILON, makeData, RATE, ROWS, startOf, WINDOWS } from './data.ts';
import type { Figures } from './figures.ts';

const [name, cell] = process.argv.slice(2) as [BackendName, 'lstm' | 'gru'];
const began = performance.now();
const { backend } = await chooseBackend(name);
const loadMs = performance.now() - began;
const data = makeData();
const network = startOf(cell, data);

const before = process.cpuUsage();
const trainer = backend.trainer(network, { epsilon: EPSILON, clip: Number.POSITIVE_INFINITY });
const losses: number[] = [];
for (let epoch = 0; epoch < EPOCHS; epoch++) {
  let sum = 0;
  for (let from = 0; from < WINDOWS; from += ROWS) {
    const rows = Math.min(ROWS, WINDOWS - from);
    sum += rows * trainer.step(batchOf(data, from, rows), RATE);
  }
  losses.push(sum / WINDOWS);
}
const { user, system } = process.cpuUsage(before);
network.flat.set(trainer.weights());
trainer.close();

const asked = batchOf(data, 0, 1000);
const predict = (): Float64Array => backend.decode(network, backend.encode(network, asked.inputs, asked.length, asked.rows).hidden, asked);
predict();
const start = performance.now();
predict();
const figures: Figures = {
  version: backend.version,
  cpuS: (user + system) / 1e6,
  loss: losses.at(-1) as number,
  predictMs: performance.now() - start,
  loadMs,
  rssMb: process.resourceUsage().maxRSS / 1024,
};
console.log(JSON.stringify(figures));
backend.close();
