import { rmSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { EXIT, errorText } from './exit.ts';
import type { Io } from './io.ts';

/** What a thread is told about the terminal. */
export interface ThreadData {
  readonly args: readonly string[];
  readonly io: Pick<Io, 'tty' | 'color' | 'width' | 'cwd'>;
}

/** What a thread tells. */
export type ThreadMessage =
  | { readonly out: string }
  | { readonly err: string }
  /** A file that is being written: to be removed when the thread is ended. */
  | { readonly part: string }
  | { readonly code: number };

/** Runs one command line in a thread that Ctrl-C ends at once, whatever it computes. Nothing half-written is left. */
export async function mainInThread(args: readonly string[], io: Io): Promise<number> {
  const { tty, color, width, cwd } = io;
  const data: ThreadData = { args, io: { tty, color, width, cwd } };
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: data });
  const parts = new Set<string>();
  let code: number = EXIT.failure;
  const stop = (): void => void worker.terminate();
  io.signal.addEventListener('abort', stop, { once: true });
  worker.on('message', (message: ThreadMessage) => {
    if ('out' in message) io.out(message.out);
    else if ('err' in message) io.err(message.err);
    else if ('part' in message) parts.add(message.part);
    else code = message.code;
  });
  worker.on('error', (error) => io.err(`${errorText(error, cwd).text}\n`));
  await new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  io.signal.removeEventListener('abort', stop);
  if (!io.signal.aborted) return code;
  for (const part of parts) rmSync(part, { force: true });
  return EXIT.interrupted;
}
