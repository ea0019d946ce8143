import { Worker } from 'node:worker_threads';
import { AuspexError, type ErrorCode } from '@auspex/contracts';
import type { BackendName } from '../backends/backend.ts';
import { type Choice, chooseBackend } from '../backends/choose.ts';
import { Diverged } from './fit.ts';
import { type Outcome, type Task, train } from './train.ts';

/** What a thread is given. */
export interface Job {
  readonly task: Task;
  readonly backend: BackendName | 'auto';
}

/** What came of it, and where it was computed. */
export interface Answer {
  readonly backend: { readonly name: BackendName; readonly version: string };
  /** Backends that were not taken, and why. */
  readonly skipped: Choice['skipped'];
  readonly outcome: Outcome;
}

/** What a thread answers. An error's class does not survive the way between threads: what matters of one is told. */
export type Message =
  | { readonly answer: Answer }
  | { readonly diverged: string }
  | { readonly refused: { readonly code: ErrorCode; readonly message: string; readonly remedy: string } };

/** Sources that run as they are, as in tests, have no built file that a thread could start from. */
const IN_SOURCE: boolean = import.meta.url.endsWith('.ts');

/**
 * Trains in a worker thread, which is ended when `signal` is aborted.
 *
 * @throws Diverged; AuspexError of a backend that was asked for by name and cannot be had; the signal's reason
 */
export async function trainInThread(job: Job, signal: AbortSignal): Promise<Answer> {
  if (IN_SOURCE) return trainHere(job, signal);
  // A thread's environment is a copy, which native code does not read: TensorFlow would greet everybody on stderr.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    workerData: job,
    // What this process was started with need not fit a file: `--input-type` does not.
    execArgv: [],
    transferList: job.task.history.flatMap(({ steps, values, truths }) => [steps.buffer, values.buffer, truths.buffer] as ArrayBuffer[]),
  });
  const stop = (): void => void worker.terminate();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const message = await new Promise<Message>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) => reject(signal.aborted ? signal.reason : new Error(`the training thread ended with ${code}`)));
    });
    if ('answer' in message) return message.answer;
    if ('diverged' in message) throw new Diverged(message.diverged);
    const { code, message: text, remedy } = message.refused;
    throw new AuspexError(code, text, { remedy });
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

async function trainHere({ task, backend }: Job, signal: AbortSignal): Promise<Answer> {
  const answer = await answerTo(task, backend, () => signal.aborted);
  signal.throwIfAborted();
  return answer;
}

/** Chooses a backend and trains there. */
export async function answerTo(task: Task, asked: Job['backend'], aborted?: () => boolean): Promise<Answer> {
  const { backend, skipped } = await chooseBackend(asked);
  try {
    const outcome = train(task, backend, aborted);
    return { backend: { name: backend.name, version: backend.version }, skipped, outcome };
  } finally {
    backend.close();
  }
}
