// One fit by models-hmm in a process of its own; prints one line of JSON. usage: fit.ts FOLDER
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as hmm from '../../../packages/models-hmm/src/index.ts';

export interface Task {
  readonly start: readonly number[];
  readonly transition: readonly number[];
  readonly means: readonly number[];
  readonly variances: readonly number[];
  readonly iterations: number;
}

/** What each side prints. */
export interface Outcome {
  /** Seconds. */
  readonly cpu: number;
  readonly history: readonly number[];
  /** Start, transition, means, variances. */
  readonly parameters: readonly number[];
  /** Growth of heap and array buffers from the second to the last iteration, bytes; of this side only. */
  readonly grown?: number;
}

const folder = process.argv[2] as string;
const task = JSON.parse(readFileSync(path.join(folder, 'start.json'), 'utf8')) as Task;
const bytes = readFileSync(path.join(folder, 'values.f64'));
const values = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
const sequences = [{ values, dimensions: 1 }];
const used: number[] = [];
const options: hmm.FitOptions = {
  from: {
    states: task.start.length,
    start: Float64Array.from(task.start),
    transition: Float64Array.from(task.transition),
    emission: { family: 'gaussian', dimensions: 1, means: Float64Array.from(task.means), variances: Float64Array.from(task.variances) },
  },
  tolerance: Number.NEGATIVE_INFINITY,
  // hmmlearn's defaults.
  varianceFloor: 0,
  priors: { covariances: 0.01 },
};

hmm.fit(sequences, { ...options, maxIterations: 2 });
const began = process.cpuUsage();
const { model, history } = hmm.fit(sequences, { ...options, maxIterations: task.iterations });
const { user, system } = process.cpuUsage(began);
hmm.fit(sequences, {
  ...options,
  maxIterations: task.iterations,
  monitor() {
    globalThis.gc?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    used.push(heapUsed + arrayBuffers);
  },
});
const { start, transition, emission } = model;
const outcome: Outcome = {
  cpu: (user + system) / 1e6,
  history,
  parameters: [...start, ...transition, ...emission.means, ...emission.variances],
  grown: (used.at(-1) as number) - (used[1] as number),
};
console.log(JSON.stringify(outcome));
