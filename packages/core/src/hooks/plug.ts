import type { Extension } from '@auspex/contracts';
import { IS_ON } from './attribute.ts';
import type { EngineHooks } from './hooks.ts';

/** The hooks whose taps may take their time. */
const PATIENT = ['decision', 'veto'] as const;
/** The hooks whose taps answer at once. */
const PROMPT = ['usage', 'forecast', 'decided', 'receipt', 'failure'] as const;

type Act = (first: unknown, second?: unknown) => unknown;

/**
 * Taps every method that an extension has, under its name. Returns what takes the taps out again: nothing of them is called or
 * listened to any more, and it resolves when the calls that were under way have ended.
 */
export function plug(hooks: EngineHooks, name: string, extension: Extension): () => Promise<void> {
  let on = true;
  const tapped: { readonly hook: EngineHooks[keyof EngineHooks]; readonly act: Act }[] = [];
  const running = new Set<Promise<unknown>>();
  const tap = (hook: keyof EngineHooks, act: Act): Act => {
    const switched = Object.assign(act, { [IS_ON]: () => on });
    tapped.push({ hook: hooks[hook], act: switched });
    return switched;
  };
  for (const hook of PROMPT) {
    const method = extension[hook] as Act | undefined;
    if (method) hooks[hook].tap(name, tap(hook, (first, second) => method.call(extension, first, second)) as never);
  }
  for (const hook of PATIENT) {
    const method = extension[hook] as Act | undefined;
    if (!method) continue;
    const act: Act = async (first) => {
      const answer = (async () => method.call(extension, first))();
      const settled = answer.then(
        () => undefined,
        () => undefined,
      );
      running.add(settled);
      void settled.then(() => running.delete(settled));
      const given = await answer;
      // Taken out meanwhile: what it has to say came too late.
      return on ? given : undefined;
    };
    hooks[hook].tapPromise(name, tap(hook, act) as never);
  }
  return async () => {
    on = false;
    for (const { hook, act } of tapped) untap(hook, act);
    await Promise.all(running);
  };
}

/** tapable has no untap: its list of taps is what the next compilation is made of. A call under way goes on with the old one. */
function untap(hook: EngineHooks[keyof EngineHooks], act: Act): void {
  const inner = hook as unknown as { taps: { fn: { [IS_ON]?: () => boolean; act?: unknown } }[]; _resetCompilation(): void };
  const index = inner.taps.findIndex((each) => (each.fn as { act?: unknown }).act === act);
  if (index < 0) return;
  inner.taps.splice(index, 1);
  inner._resetCompilation();
}
