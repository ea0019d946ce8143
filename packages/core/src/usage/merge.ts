import type { Measure, Usage } from '@auspex/contracts';
import { addDistinct, joinTally, mergeDistinct } from '@auspex/numerics';
import { emptyUsage, SOURCES_CAP } from './accumulate.ts';
import { NUMBERS, TALLIES } from './fields.ts';

/** The monoid's operation: the usage of two halves of one step of one group and POP, as a new record. Neither half is changed. */
export function mergeUsage(a: Usage, b: Usage): Usage {
  const sum = emptyUsage(a.step, a.group, a.pop);
  addUsage(sum, a);
  addUsage(sum, b);
  return sum;
}

/** The same, in place: adds `b` to `into`, which belongs to the caller. For many: the sum of a thousand groups is not copied a thousand times. */
export function addUsage(into: Usage, b: Usage): void {
  for (const name of NUMBERS) into[name] += b[name];
  for (const name of TALLIES) joinTally(into[name], b[name]);
  joinTally(into.sources, b.sources, SOURCES_CAP);
  if ('hashes' in b.users) for (const hash of b.users.hashes) into.users = addDistinct(into.users, hash);
  else into.users = mergeDistinct(into.users, b.users);
  for (const [bin, count] of b.sessionLengths.entries()) into.sessionLengths[bin] = (into.sessionLengths[bin] ?? 0) + count;
}

/** The amount of a measure in a usage (not a rate). */
export function amount(usage: Usage, measure: Measure): number {
  if (measure === 'requests') return usage.offered;
  if (measure === 'work') return usage.work;
  if (measure === 'bytes') return usage.bytes;
  return usage.sessionStarts;
}
