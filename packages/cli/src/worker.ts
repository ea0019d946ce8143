import { parentPort, workerData } from 'node:worker_threads';
import { main } from './main.ts';
import type { ThreadData, ThreadMessage } from './thread.ts';

const { args, io } = workerData as ThreadData;
const tell = (message: ThreadMessage): void => parentPort?.postMessage(message);
const code = await main(args, {
  ...io,
  interactive: false,
  out: (out) => tell({ out }),
  err: (err) => tell({ err }),
  writing: (part) => tell({ part }),
  signal: new AbortController().signal,
});
tell({ code });
