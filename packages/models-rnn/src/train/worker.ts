import { parentPort, workerData } from 'node:worker_threads';
import { AuspexError } from '@auspex/contracts';
import { Diverged } from './fit.ts';
import { answerTo, type Job, type Message } from './thread.ts';

// A training by itself: what it computes holds nobody up, and ends with its thread.
const { task, backend } = workerData as Job;
const tell = (message: Message): void => parentPort?.postMessage(message);
try {
  tell({ answer: await answerTo(task, backend) });
} catch (error) {
  if (error instanceof Diverged) tell({ diverged: error.message });
  else if (error instanceof AuspexError) tell({ refused: { code: error.code, message: error.message, remedy: error.remedy } });
  else throw error;
}
