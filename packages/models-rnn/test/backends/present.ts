import type { Backend } from '../../src/backends/backend.ts';
import { chooseBackend } from '../../src/backends/choose.ts';
import { tellMissing } from '../peers.ts';

/** A backend, or why it is not here. */
export type Present = { readonly name: string; readonly backend: Backend } | { readonly name: string; readonly missing: string };

/** Every backend but `own`, which is always here. */
export async function presentBackends(): Promise<readonly Present[]> {
  const found: Present[] = [];
  for (const name of ['tensorflow', 'wasm'] as const) {
    try {
      const { backend } = await chooseBackend(name);
      found.push({ name, backend });
    } catch (error) {
      const missing = (error as Error).message;
      tellMissing(missing);
      found.push({ name, missing });
    }
  }
  return found;
}
