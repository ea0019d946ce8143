import type { Correlation } from '@auspex/contracts';
import { SLOTS } from './belief.ts';
import { isUsed, type LeadersState, place } from './state.ts';

const DAY_MS = 86_400_000;
/** The slot of those who sign in. */
export const SIGN_INS = 0;
/** One that has not proved itself in so long makes room where another waits. */
const PROBATION_MS = 14 * DAY_MS;
/** Members of a pool whose correlations are looked at, and those that may lead the pool themselves. */
const LARGEST = 3;
const OWN = 2;
/** A member with more of the pool than this is the pool: what it does the pool shows by itself. */
const MOST_SHARE = 0.5;
/** Days in which correlations are waited for before a pool's own members take places. */
const PATIENCE = 2;

/** A group that loads the pool. */
export interface Member {
  readonly group: string;
  /** Its mean rate, in the pool's measure. */
  readonly level: number;
  readonly correlated: readonly Correlation[];
}

/**
 * Chooses who may lead a pool; once a day. Who has a place keeps it while it is used, and long enough to prove itself. The first place is
 * that of sign-ins, whether or not there are any.
 *
 * @param exists is a group known still?
 */
export function chooseLeaders(state: LeadersState, members: readonly Member[], exists: (group: string) => boolean, at: number): void {
  state.choices++;
  if (state.habit && !state.leaders[SIGN_INS]) place(state, SIGN_INS, { kind: 'sign-ins' }, at);
  const waiting = wanted(state, members).filter(
    (group) => exists(group) && !state.leaders.some((leader) => leader?.source.kind === 'group' && leader.source.group === group),
  );
  for (let slot = SIGN_INS + 1; slot < SLOTS && waiting.length > 0; slot++) {
    const leader = state.leaders[slot];
    if (leader && (isUsed(leader) || at - leader.since < PROBATION_MS)) continue;
    place(state, slot, { kind: 'group', group: waiting.shift() as string }, at);
  }
}

/** Groups that could lead: those that the largest members move with, then these themselves. */
function wanted({ choices }: LeadersState, members: readonly Member[]): string[] {
  const largest = [...members].sort((a, b) => b.level - a.level || (a.group < b.group ? -1 : 1));
  const whole = largest.reduce((sum, { level }) => sum + level, 0);
  const isPool = (group: string): boolean => largest.some((member) => member.group === group && member.level > MOST_SHARE * whole);
  const strength = new Map<string, number>();
  for (const { level, correlated } of largest.slice(0, LARGEST)) {
    for (const { group, lagMs, r } of correlated) {
      // What trails cannot lead.
      if (lagMs >= 0) strength.set(group, Math.max(strength.get(group) ?? 0, (Math.abs(r) * level) / Math.max(whole, Number.MIN_VALUE)));
    }
  }
  const related = [...strength].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([group]) => group);
  const own = choices > PATIENCE && largest.length > 1 ? largest.slice(0, OWN).map(({ group }) => group) : [];
  return [...new Set([...related, ...own])].filter((group) => !isPool(group));
}
