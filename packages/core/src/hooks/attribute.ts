import { withTimeLimit } from '../defaults/time-limit.ts';
import type { Failures } from '../stages/failures.ts';
import type { EngineHooks } from './hooks.ts';

type Fn = (...values: unknown[]) => unknown;

/**
 * Wraps every tap as it is registered: a throw or a hang is reported under the tap's name and counts as "no opinion".
 * tapable itself would stop the later taps and not say whose error it was.
 */
export function attributeTaps(hooks: EngineHooks, failures: Failures, limitMs: number): void {
  for (const [name, hook] of Object.entries(hooks)) {
    hook.intercept({
      register: (tap: { name: string; type: string; fn: Fn }) => {
        const report = (error: unknown): undefined => {
          failures.report('hook', tap.name, name, error, 'the cycle goes on without it');
          return undefined;
        };
        const { fn } = tap;
        if (tap.type === 'async') throw new TypeError(`tap "${tap.name}" of hook "${name}" uses a callback; use tap or tapPromise`);
        const wrapped: Fn =
          tap.type === 'promise'
            ? async (...values) => {
                try {
                  return await withTimeLimit(Promise.resolve(fn(...values)), limitMs, `hook ${name}(${tap.name})`);
                } catch (error) {
                  return report(error);
                }
              }
            : (...values) => {
                try {
                  return fn(...values);
                } catch (error) {
                  return report(error);
                }
              };
        return { ...tap, fn: wrapped };
      },
    } as never);
  }
}
