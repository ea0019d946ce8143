import { AuspexError } from '@auspex/contracts';

/**
 * The promise, or a `STAGE_TIMEOUT` naming `who` after `ms`. Infinity = no limit, as in a replay, where a limit would
 * make the outcome depend on the machine.
 */
export async function withTimeLimit<T>(promise: Promise<T>, ms: number, who: string): Promise<T> {
  if (!Number.isFinite(ms)) return promise;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    // A longer time than a timer can hold would be over at once.
    timer = setTimeout(
      () => reject(new AuspexError('STAGE_TIMEOUT', `no answer within ${ms} ms`, { path: who })),
      Math.min(ms, 2 ** 31 - 1),
    );
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
