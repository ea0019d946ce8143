import { AuspexError } from '@auspex/contracts';
import { loadPeer } from '../backends/tfjs.ts';
import type { BrainOptions } from './config.ts';

// What we call of brain.js 1.6.1, by structure: it is an optional peer.

/** A LSTMTimeStep or GRUTimeStep with one input and one output. */
export interface TimeStepNetwork {
  train(sequences: readonly (readonly number[])[], options: object): { readonly error: number };
  /** The `count` values that follow `sequence`. */
  forecast(sequence: readonly number[], count: number): number[];
  toJSON(): object;
  fromJSON(json: object): void;
}

interface Brain {
  readonly recurrent: Readonly<Record<'LSTMTimeStep' | 'GRUTimeStep', new (options?: object) => TimeStepNetwork>>;
}

const REMEDY = 'Install it: npm install brain.js@1.6.1 (this version, no other).';

/** @throws AuspexError PLUGIN_NOT_FOUND when brain.js is not installed, PLUGIN_FAILED when it does not load */
export function loadBrain(): Brain {
  try {
    const brain = loadPeer<Brain>('brain.js');
    if (typeof brain.recurrent?.LSTMTimeStep !== 'function') throw new Error('brain.js has no LSTMTimeStep');
    return brain;
  } catch (cause) {
    const missing = cause instanceof AuspexError;
    const message = `brain-lstm: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new AuspexError(missing ? 'PLUGIN_NOT_FOUND' : 'PLUGIN_FAILED', message, { remedy: REMEDY, cause });
  }
}

export function makeNetwork({ recurrent }: Brain, { cell, hidden }: Pick<BrainOptions, 'cell' | 'hidden'>): TimeStepNetwork {
  const Kind = cell === 'lstm' ? recurrent.LSTMTimeStep : recurrent.GRUTimeStep;
  return new Kind({ inputSize: 1, hiddenLayers: [hidden], outputSize: 1 });
}

/**
 * Runs with chance of our own: brain.js draws its first weights from Math.random, for which it takes no seed. Only for work that
 * does not wait: nothing else of the process may run meanwhile.
 */
export function withRandom<Result>(random: { next(): number }, work: () => Result): Result {
  const { random: before } = Math;
  Math.random = () => random.next();
  try {
    return work();
  } finally {
    Math.random = before;
  }
}
