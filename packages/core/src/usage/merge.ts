import type { Measure, Tally, Usage } from '@auspex/contracts';
import { addDistinct, addTally, mergeDistinct, mergeTally, raiseTally } from '@auspex/numerics';
import { SOURCES_CAP } from './accumulate.ts';

const COUNTS = [
  'offered',
  'served',
  'throttled',
  'failed',
  'timedOut',
  'retried',
  'work',
  'bytes',
  'sessionStarts',
  'sessionEnds',
] as const;
const TALLIES = ['kinds', 'resources', 'features', 'countries', 'accessLevels'] as const;

/** The monoid's operation: the usage of two halves of one step of one group and POP, as a new record. Neither half is changed. */
export function mergeUsage(a: Usage, b: Usage): Usage {
  const lengths = a.sessionLengths.length >= b.sessionLengths.length ? a.sessionLengths : b.sessionLengths;
  const other = lengths === a.sessionLengths ? b.sessionLengths : a.sessionLengths;
  return {
    step: a.step,
    group: a.group,
    pop: a.pop,
    offered: a.offered + b.offered,
    served: a.served + b.served,
    throttled: a.throttled + b.throttled,
    failed: a.failed + b.failed,
    timedOut: a.timedOut + b.timedOut,
    retried: a.retried + b.retried,
    work: a.work + b.work,
    bytes: a.bytes + b.bytes,
    kinds: mergeTally(a.kinds, b.kinds),
    resources: mergeTally(a.resources, b.resources),
    features: mergeTally(a.features, b.features),
    countries: mergeTally(a.countries, b.countries),
    accessLevels: mergeTally(a.accessLevels, b.accessLevels),
    users: mergeDistinct(a.users, b.users),
    sources: mergeTally(a.sources, b.sources, SOURCES_CAP),
    sessionStarts: a.sessionStarts + b.sessionStarts,
    sessionEnds: a.sessionEnds + b.sessionEnds,
    sessionLengths: lengths.map((count, bin) => count + (other[bin] ?? 0)),
  };
}

/** The amount of a measure in a usage (not a rate). */
export function amount(usage: Usage, measure: Measure): number {
  if (measure === 'requests') return usage.offered;
  if (measure === 'work') return usage.work;
  if (measure === 'bytes') return usage.bytes;
  return usage.sessionStarts;
}

/** The same, in place: adds `b` to `into`, which belongs to the caller. For many: the sum of a thousand groups is not copied a thousand times. */
export function addUsage(into: Usage, b: Usage): void {
  for (const name of COUNTS) into[name] += b[name];
  for (const name of TALLIES) addAll(into[name], b[name]);
  addAll(into.sources, b.sources, SOURCES_CAP);
  if ('hashes' in b.users) for (const hash of b.users.hashes) into.users = addDistinct(into.users, hash);
  else into.users = mergeDistinct(into.users, b.users);
  for (const [bin, count] of b.sessionLengths.entries()) into.sessionLengths[bin] = (into.sessionLengths[bin] ?? 0) + count;
}

function addAll(into: Tally, from: Tally, cap?: number): void {
  into.other += from.other;
  raiseTally(into, from.level);
  for (const [key, count] of from.counts) addTally(into, key, count, cap);
}
