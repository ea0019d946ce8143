import { Worker } from 'node:worker_threads';

/** How long a process has to end by itself once its engine is gone, ms. */
const GRACE = 1_000;

// It runs beside the plugin, since a plugin in an endless loop hears nothing. No timer: it waits on a lock that nobody opens.
const WATCH = `
const { parentPort, workerData } = require('node:worker_threads');
const { Socket } = require('node:net');
const gone = () => {
  parentPort.postMessage('gone');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, workerData);
  // The whole group where this process leads one: what it started has nobody any more either.
  try { process.kill(-process.pid, 'SIGKILL'); } catch {}
  process.kill(process.pid, 'SIGKILL');
};
const stdin = new Socket({ fd: 0, readable: true, writable: false });
stdin.on('error', gone).on('close', gone).resume();
`;

/**
 * Watches for the end of the engine: stdin, which the engine never writes to, ends with it, even by SIGKILL. `onGone` is called
 * then; a second later the process is killed, whatever it does.
 */
export function watchEngine(onGone: () => void): void {
  const worker = new Worker(WATCH, { eval: true, execArgv: [], workerData: GRACE, stdin: false });
  worker.unref();
  worker.once('message', onGone);
  worker.once('error', onGone);
}
