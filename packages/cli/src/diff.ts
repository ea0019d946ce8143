import type { Decision, JournalRecord, Reason } from '@auspex/contracts';

/** A decision that came out otherwise. */
export interface Change {
  readonly key: string;
  readonly pool: string;
  readonly step: number;
  readonly from: Decision;
  readonly to: Decision;
  /** Where the two trails part: each side's first reason that the other does not have; undefined = its trail ends before. */
  readonly why: { readonly from: Reason | undefined; readonly to: Reason | undefined };
}

/** What two runs over the same steps decided. */
export interface Differences {
  /** Decisions that both made, and of those the ones that came out otherwise, in order of time. */
  readonly compared: number;
  readonly changes: readonly Change[];
  /** Decisions of the span of both that one of them alone made: a pool that is gone, steps that were not decided. */
  readonly only: { readonly from: number; readonly to: number };
  /** Sums of ordered units over all compared decisions. */
  readonly units: { readonly from: number; readonly to: number };
}

/** Decisions by key. */
export type Decisions = ReadonlyMap<string, Decision>;

/** The decisions of a journal. A key that comes again, after a restart, is the later one. */
export async function decisionsOf(records: AsyncIterable<JournalRecord>): Promise<Map<string, Decision>> {
  const found = new Map<string, Decision>();
  for await (const record of records) if (record.type === 'decision') found.set(record.decision.key, record.decision);
  return found;
}

/** Compares by pool and step; a decision is another one where its units or its tier are. */
export function differences(from: Decisions, to: Decisions): Differences {
  const [a, b] = [spanOf(from), spanOf(to)];
  const [first, last] = [Math.max(a.first, b.first), Math.min(a.last, b.last)];
  return compare(within(from, first, last), within(to, first, last));
}

function spanOf(decisions: Decisions): { readonly first: number; readonly last: number } {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { step } of decisions.values()) [first, last] = [Math.min(first, step), Math.max(last, step)];
  return { first, last };
}

/** Those of the steps first..last, both included. */
export function within(decisions: Decisions, first: number, last: number): Decisions {
  return new Map([...decisions].filter(([, { step }]) => step >= first && step <= last));
}

function compare(from: Decisions, to: Decisions): Differences {
  const changes: Change[] = [];
  const units = { from: 0, to: 0 };
  let compared = 0;
  for (const [key, a] of from) {
    const b = to.get(key);
    if (!b) continue;
    compared++;
    units.from += a.units;
    units.to += b.units;
    if (a.units !== b.units || a.tier !== b.tier)
      changes.push({ key, pool: a.pool, step: a.step, from: a, to: b, why: parting(a.trail, b.trail) });
  }
  changes.sort((a, b) => a.step - b.step || (a.pool < b.pool ? -1 : 1));
  return { compared, changes, only: { from: from.size - compared, to: to.size - compared }, units };
}

function parting(a: readonly Reason[], b: readonly Reason[]): Change['why'] {
  let i = 0;
  while (i < a.length && i < b.length && a[i]?.by === b[i]?.by && a[i]?.units === b[i]?.units) i++;
  return { from: a[i], to: b[i] };
}
