import { parentPort, workerData } from 'node:worker_threads';
import { type Job, trainAll } from './thread.ts';

// A training by itself: what it computes holds nobody up, and ends with its thread.
parentPort?.postMessage({ artifact: trainAll(workerData as Job) });
