// The only timers and the only reading of the wall clock in this package. They are about real processes: whether one answers,
// how much memory it holds, when it has had its time to end. The engine's clock cannot say so: in a replay it does not wait.
// What a plugin sees as time, and when a crashed process is started again, come from the context's clock.
import type { Clock } from '@auspex/contracts';

/** Calls `action` once, after `ms` of the wall. */
export function after(ms: number, action: () => void): { cancel(): void } {
  const timer = setTimeout(action, Math.min(ms, 2 ** 31 - 1));
  return { cancel: () => clearTimeout(timer) };
}

/** Calls `action` every `ms` of the wall; never keeps the process alive by itself. */
export function every(ms: number, action: () => void): { stop(): void } {
  const timer = setInterval(action, ms);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

/** The promise's value, or undefined when it is not there after `ms` of the wall. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: { cancel(): void } | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<undefined>((resolve) => {
        timer = after(ms, () => resolve(undefined));
      }),
    ]);
  } finally {
    timer?.cancel();
  }
}

/** The clock of a plugin in a process of its own: the wall. */
export const wallClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        timer.cancel();
        reject(signal?.reason);
      };
      const timer = after(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};
