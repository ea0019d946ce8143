import { createRequire } from 'node:module';
import path from 'node:path';
import { AuspexError } from '@auspex/contracts';

// What we call of TensorFlow.js, by structure: its packages are optional peers, and nothing here imports them.

export interface Tensor {
  readonly shape: readonly number[];
  readonly dataId: object;
  dataSync(): Float32Array;
  dispose(): void;
}

/** The part of @tensorflow/tfjs-core that we use. */
export interface Tf {
  readonly version: Readonly<Record<string, string>>;
  readonly version_core?: string;
  tensor(values: Float32Array, shape: readonly number[]): Tensor;
  zeros(shape: readonly number[]): Tensor;
  add(a: Tensor, b: Tensor): Tensor;
  sub(a: Tensor, b: Tensor): Tensor;
  mul(a: Tensor, b: Tensor): Tensor;
  softplus(a: Tensor): Tensor;
  tanh(a: Tensor): Tensor;
  sigmoid(a: Tensor): Tensor;
  sum(a: Tensor, axis?: number): Tensor;
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  concat(tensors: readonly Tensor[], axis: number): Tensor;
  slice(a: Tensor, begin: readonly number[], size: readonly number[]): Tensor;
  unstack(a: Tensor, axis: number): Tensor[];
  reshape(a: Tensor, shape: readonly number[]): Tensor;
  tidy<Result>(compute: () => Result): Result;
  memory(): { readonly numTensors: number };
  getBackend(): string;
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  backend(): unknown;
}

/** Whether a package that `loadPeer` would load is there. */
export function hasPeer(name: string): boolean {
  return findPeer(name) !== undefined;
}

function findPeer(name: string): (() => unknown) | undefined {
  const { AUSPEX_PEERS: folder } = process.env;
  const places = folder ? [path.resolve(folder, 'x.js')] : [import.meta.url, path.resolve('x.js')];
  for (const place of places) {
    const require = createRequire(place);
    try {
      const file = require.resolve(name);
      return () => require(file);
    } catch {
      // Not from there.
    }
  }
  return undefined;
}

/**
 * Loads a package that its user has installed, or has not. It is looked for in the folder that `AUSPEX_PEERS` names, where that is
 * set; else beside this package, then from the working directory.
 *
 * @throws AuspexError (PLUGIN_NOT_FOUND) when it is missing; whatever loading it throws when it is broken
 */
export function loadPeer<Module>(name: string): Module {
  const load = findPeer(name);
  if (load) return load() as Module;
  throw notInstalled(name);
}

/** PLUGIN_NOT_FOUND: which package is missing, and where it was looked for. */
export function notInstalled(name: string): AuspexError {
  const { AUSPEX_PEERS: folder } = process.env;
  return new AuspexError('PLUGIN_NOT_FOUND', folder ? `${name} is not installed in AUSPEX_PEERS=${folder}` : `${name} is not installed`);
}

/**
 * The error to throw when a backend cannot be used: one line that says which and why, whatever the cause says.
 *
 * @param remedy how to install it
 * @returns code PLUGIN_NOT_FOUND when it is missing, PLUGIN_FAILED when it is there but does not work
 */
export function unavailable(name: string, cause: unknown, remedy: string): AuspexError {
  const [reason = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
  const missing = cause instanceof AuspexError && cause.code === 'PLUGIN_NOT_FOUND';
  return new AuspexError(missing ? 'PLUGIN_NOT_FOUND' : 'PLUGIN_FAILED', `backend ${name}: ${reason.trim()}`, { remedy, cause });
}
