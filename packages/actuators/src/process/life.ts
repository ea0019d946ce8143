import { formatDuration } from '@auspex/contracts';
import type { ProcessOptions } from './config.ts';
import type { Worker } from './roster.ts';

/** A worker as it was found. */
export interface Seen extends Worker {
  readonly runs: boolean;
}

/** One that died, with the time at which it comes again. */
export function died(
  { slot, key, offset, since, crashes: before }: Seen,
  now: number,
  { first, max, reset }: ProcessOptions['restart'],
): Worker {
  const crashes = now - since >= reset ? 1 : before + 1;
  // The first time at once: it ran well until then.
  const wait = crashes === 1 ? 0 : Math.min(max, first * 2 ** (crashes - 2));
  return { slot, key, offset, since: now, crashes, waits: now + wait };
}

/** Why some of those that are to run do not; undefined where all do. */
export function detailOf(wanted: readonly Seen[], now: number): string | undefined {
  const parts = wanted
    .filter(({ runs }) => !runs)
    .map(({ slot, pid, crashes, waits = 0 }) => {
      if (pid !== undefined) return `worker ${slot} died`;
      if (crashes === 0) return `worker ${slot} is not started yet`;
      const times = crashes > 1 ? ` ${crashes} times in a row` : '';
      return `worker ${slot} died${times}, comes again in ${formatDuration(Math.max(0, waits - now))}`;
    });
  return parts.length === 0 ? undefined : parts.join('; ');
}

/** A worker with the lowest number that is free: one that still ends holds its port. */
export function fresh(pool: string, workers: readonly Worker[], now: number): Seen {
  const taken = new Set(workers.map(({ slot }) => slot));
  let slot = 1;
  while (taken.has(slot)) slot++;
  return { slot, key: keyOf(pool, slot, now), since: now, offset: 0, crashes: 0, runs: false };
}

export function withoutWait({ waits: _, ...worker }: Seen): Seen {
  return worker;
}

/** What stands in the environment of a worker that is started then. */
export const keyOf = (pool: string, slot: number, at: number): string => `${pool}/${slot}@${at}`;
