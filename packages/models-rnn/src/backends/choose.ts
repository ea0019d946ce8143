import { AuspexError } from '@auspex/contracts';
import type { Backend, BackendName } from './backend.ts';
import { own } from './own.ts';
import { loadTensorflow, TENSORFLOW_REMEDY } from './tensorflow.ts';
import { hasPeer, notInstalled, unavailable } from './tfjs.ts';
import { loadWasm, WASM_REMEDY } from './wasm.ts';

/** A backend, and those that would have come first but cannot be used. */
export interface Choice {
  readonly backend: Backend;
  readonly skipped: readonly { readonly name: BackendName; readonly reason: string }[];
}

/**
 * Finds where networks are computed. `auto` takes TensorFlow where @tensorflow/tfjs-node is installed and computes rightly, else
 * typed arrays of our own; WebAssembly, which is slower than those, only where it is named.
 *
 * @throws AuspexError when one that was named is not installed (PLUGIN_NOT_FOUND) or does not work (PLUGIN_FAILED); its remedy says
 * how to install it
 */
export async function chooseBackend(name: BackendName | 'auto'): Promise<Choice> {
  if (name === 'own') return { backend: own, skipped: [] };
  if (name === 'wasm') return { backend: await loadWasm(), skipped: [] };
  if (name === 'tensorflow') return { backend: loadTensorflow(), skipped: [] };
  try {
    return { backend: loadTensorflow(), skipped: [] };
  } catch (error) {
    if (!(error instanceof AuspexError)) throw error;
    return { backend: own, skipped: [{ name: 'tensorflow', reason: `${error.message}. ${error.remedy}` }] };
  }
}

const NEEDS = {
  tensorflow: { packages: ['@tensorflow/tfjs-node'], remedy: TENSORFLOW_REMEDY },
  wasm: { packages: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm'], remedy: WASM_REMEDY },
} as const;

/**
 * Refuses at once, before anything is loaded, a backend that was named and is not installed: an engine must not start and find out two
 * weeks later, when it trains first.
 *
 * @throws AuspexError (PLUGIN_NOT_FOUND)
 */
export function checkInstalled(name: BackendName | 'auto'): void {
  if (name === 'auto' || name === 'own') return;
  const { packages, remedy } = NEEDS[name];
  const missing = packages.find((each) => !hasPeer(each));
  if (missing) throw unavailable(name, notInstalled(missing), remedy);
}
