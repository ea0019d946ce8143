import { Worker } from 'node:worker_threads';
import { SeededRandom } from '@auspex/numerics';
import { writeArtifact } from './artifact.ts';
import type { TreesOptions } from './config.ts';
import type { SeriesModel } from './model.ts';
import type { PackedSeries } from './packed.ts';
import { trainSeries } from './train.ts';

/** What a thread is given: plain data. */
export interface Job {
  readonly history: readonly PackedSeries[];
  readonly options: TreesOptions;
  readonly seed: number;
}

/** Sources that run as they are, as in tests, have no built file that a thread could start from. */
const IN_SOURCE: boolean = import.meta.url.endsWith('.ts');

/** Trains every series with history enough; undefined = there is none. */
export function trainAll({ history, options, seed }: Job, aborted?: () => boolean): Uint8Array | undefined {
  const random = new SeededRandom(seed);
  const models: SeriesModel[] = [];
  for (const series of history) {
    if (aborted?.()) return undefined;
    // Of the series' name alone: what others there are changes nothing of its trees.
    const model = trainSeries(series, options, random.fork(series.id));
    if (model) models.push(model);
  }
  return models.length === 0 ? undefined : writeArtifact(models);
}

/** Trains in a worker thread, which is ended when `signal` is aborted. @throws the signal's reason, or what the thread threw */
export async function trainInThread(job: Job, signal: AbortSignal): Promise<Uint8Array | undefined> {
  if (IN_SOURCE) return trainAll(job, () => signal.aborted);
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: job, execArgv: [] });
  const stop = (): void => void worker.terminate();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise<Uint8Array | undefined>((resolve, reject) => {
      worker.once('message', (answer: { artifact: Uint8Array | undefined }) => resolve(answer.artifact));
      worker.once('error', reject);
      worker.once('exit', (code) => reject(signal.aborted ? signal.reason : new Error(`the training thread ended with ${code}`)));
    });
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}
