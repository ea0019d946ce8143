import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { eventually } from './limit.ts';

/**
 * Timers that `act` started, or had started, and that are still set when it is over: named by their delay. Only those that keep
 * the process alive count. Told apart from other timers of the process by their async context.
 */
export async function leakedTimers(act: () => Promise<void>): Promise<string[]> {
  const ours = new AsyncLocalStorage<true>();
  const set = new Map<number, NodeJS.Timeout>();
  const hook = createHook({
    init(id, type, _trigger, resource) {
      if ((type === 'Timeout' || type === 'Immediate') && ours.getStore()) set.set(id, resource as NodeJS.Timeout);
    },
    destroy(id) {
      set.delete(id);
    },
  });
  hook.enable();
  try {
    await ours.run(true, act);
    const left = (): NodeJS.Timeout[] => [...set.values()].filter((timer) => timer.hasRef());
    await eventually(() => left().length === 0, 200);
    return left().map((timer) => {
      const { _idleTimeout: delay, _repeat: repeat } = timer as { _idleTimeout?: number; _repeat?: unknown };
      return `${repeat ? 'an interval' : 'a timer'} of ${delay ?? '?'} ms`;
    });
  } finally {
    hook.disable();
  }
}
