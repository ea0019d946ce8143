import type { Measure, Usage } from '@auspex/contracts';
import { mergeDistinct, mergeTally } from '@auspex/numerics';
import { SOURCES_CAP } from './accumulate.ts';

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
