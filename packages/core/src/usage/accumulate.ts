import type { Usage, UsageEvent } from '@auspex/contracts';
import { addDistinct, addTally, emptyDistinct, emptyTally } from '@auspex/numerics';

/** Session length bins: [2^i, 2^(i+1)) seconds, the first from 0, the last open. */
export const SESSION_BINS = 17;

/** Sources of requests that a usage keeps: enough for their entropy and for one that outweighs the others. */
export const SOURCES_CAP = 64;

/** The neutral element of the usage monoid for one group, POP and step. */
export function emptyUsage(step: number, group: string, pop: string): Usage {
  return {
    step,
    group,
    pop,
    offered: 0,
    served: 0,
    throttled: 0,
    failed: 0,
    timedOut: 0,
    retried: 0,
    work: 0,
    bytes: 0,
    kinds: emptyTally(),
    resources: emptyTally(),
    features: emptyTally(),
    countries: emptyTally(),
    accessLevels: emptyTally(),
    users: emptyDistinct(),
    sources: emptyTally(),
    sessionStarts: 0,
    sessionEnds: 0,
    sessionLengths: [],
  };
}

/** The key of a user's hash in `sources`. */
export function sourceKey(hash: number): string {
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** The bin of `sessionLengths` for a session of `ms` milliseconds. */
export function sessionBin(ms: number): number {
  const seconds = ms / 1000;
  return seconds < 2 ? 0 : Math.min(SESSION_BINS - 1, Math.floor(Math.log2(seconds)));
}

/**
 * Adds one event to the usage of its group, POP and step, in place. The event's own group, POP and time are not looked
 * at: the caller chose the usage by them.
 *
 * @param hashUser 32-bit hash of a user in this usage; the user itself is never kept
 */
export function addEvent(usage: Usage, event: UsageEvent, hashUser: (user: string, usage: Usage) => number): void {
  const count = event.count ?? 1;
  addTally(usage.kinds, event.kind, count);
  if (event.sessionStart) usage.sessionStarts += 1;
  if (event.kind === 'session-end') {
    usage.sessionEnds += 1;
    const bin = sessionBin(event.sessionMs ?? 0);
    while (usage.sessionLengths.length <= bin) usage.sessionLengths.push(0);
    usage.sessionLengths[bin] = (usage.sessionLengths[bin] as number) + 1;
    return;
  }
  if (event.user !== undefined) {
    const hash = hashUser(event.user, usage);
    usage.users = addDistinct(usage.users, hash);
    if (event.kind === 'request') addTally(usage.sources, sourceKey(hash), count, SOURCES_CAP);
  }
  if (event.accessLevel !== undefined) addTally(usage.accessLevels, event.accessLevel, count);
  if (event.country !== undefined) addTally(usage.countries, event.country, count);
  if (event.feature !== undefined) addTally(usage.features, event.feature, count);
  if (event.kind !== 'request') return;
  if (event.resource !== undefined) addTally(usage.resources, event.resource, count);
  usage.bytes += event.bytes ?? 0;
  if ((event.attempt ?? 1) > 1) {
    usage.retried += count;
  } else {
    usage.offered += count;
    usage.work += count * (event.weight ?? 1);
  }
  if (event.outcome === 'served') usage.served += count;
  else if (event.outcome === 'throttled') usage.throttled += count;
  else if (event.outcome === 'failed') usage.failed += count;
  else usage.timedOut += count;
}
