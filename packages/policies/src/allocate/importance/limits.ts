import type { AllocateInput, Proposal, Reason } from '@auspex/contracts';
import { units } from '../../text.ts';
import { coverage } from './coverage.ts';
import type { Need } from './need.ts';
import { shareByImportance } from './share.ts';

/**
 * Turns what an allocator needs into proposals inside each pool's bounds and inside the common limit of each POP.
 *
 * Pools of a POP that together exceed `popLimits[pop]` get their minima first, then units by the pools' importance.
 * Minima that alone exceed the limit stand: no actuator may go below them, so the contradiction is said, not hidden.
 * Each cap adds a reason with what the capped pool can still cover, group by group.
 */
export function withinLimits(by: string, needs: readonly Need[], popLimits: AllocateInput['popLimits']): Proposal[] {
  const bounded = needs.map((need) => bound(by, need));
  for (const [pop, limit] of Object.entries(popLimits)) {
    const members = bounded.filter((entry) => entry.need.view.pool.pop === pop);
    const wanted = members.reduce((total, entry) => total + entry.units, 0);
    if (wanted > limit) limitPop(by, pop, limit, members);
  }
  return bounded.map(({ need, units: count, reasons }) => ({ pool: need.view.pool.id, units: count, tier: need.tier, reasons }));
}

interface Bounded {
  readonly need: Need;
  units: number;
  readonly reasons: Reason[];
}

function bound(by: string, need: Need): Bounded {
  const { min, max } = need.view.pool;
  const bounded: Bounded = { need, units: Math.min(Math.max(need.units, min), max), reasons: [...need.reasons] };
  if (need.units > max)
    bounded.reasons.push({ by, units: max, text: `capped by the pool's maximum: ${max} of ${need.units}${covers(need, max)}` });
  if (need.units < min) bounded.reasons.push({ by, units: min, text: `raised to the pool's minimum: ${units(min)}` });
  return bounded;
}

function limitPop(by: string, pop: string, limit: number, members: readonly Bounded[]): void {
  const minima = members.map((member) => member.need.view.pool.min);
  const floor = minima.reduce((total, min) => total + min, 0);
  const shares = shareByImportance(
    members.map((member) => member.units),
    members.map((member) => member.need.view.pool.importance),
    Math.max(limit, floor),
    minima,
  );
  for (const [i, member] of members.entries()) {
    const share = shares[i] as number;
    const over = limit < floor ? ` (the pools' minima, ${floor} together, exceed the limit ${limit}; minima stand)` : '';
    if (share < member.units) {
      const text = `capped by the limit of POP ${pop}: ${share} of ${member.units}${over}${covers(member.need, share)}`;
      member.reasons.push({ by, units: share, text });
    }
    member.units = share;
  }
}

function covers(need: Need, available: number): string {
  const text = coverage(need, available);
  return text === '' ? '' : `; covers ${text}`;
}
