import type { Extension } from '@auspex/contracts';
import { IS_ON } from './attribute.ts';
import type { EngineHooks } from './hooks.ts';

/** The hooks whose taps may take their time. */
const PATIENT = ['decision', 'veto'] as const;
/** The hooks whose taps answer at once. */
const PROMPT = ['usage', 'forecast', 'decided', 'receipt', 'failure'] as const;

/**
 * Taps every method that an extension has, under its name. Returns what takes the taps out again: each stands behind a switch,
 * and one that is off costs a comparison.
 */
export function plug(hooks: EngineHooks, name: string, extension: Extension): () => void {
  let on = true;
  const switched = (act: (first: unknown, second?: unknown) => unknown): never => Object.assign(act, { [IS_ON]: () => on }) as never;
  for (const hook of PROMPT) {
    const method = extension[hook] as ((first: unknown, second?: unknown) => unknown) | undefined;
    if (method)
      hooks[hook].tap(
        name,
        switched((first, second) => method.call(extension, first, second)),
      );
  }
  for (const hook of PATIENT) {
    const method = extension[hook] as ((first: unknown, second?: unknown) => unknown) | undefined;
    if (method)
      hooks[hook].tapPromise(
        name,
        switched(async (first) => method.call(extension, first)),
      );
  }
  return () => {
    on = false;
  };
}
