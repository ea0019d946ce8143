/** How units that are short are split among needs of equal importance: parts that sum to min(available, sum of needs). */
export type Split = (needs: readonly number[], available: number) => number[];

/**
 * Splits what is available when needs exceed it.
 *
 * Minima come first. What is left goes to the highest importance until its needs are met, then to the next; needs of
 * equal importance share in proportion to what they still need. When even the minima do not fit, they are shared by
 * the same rule.
 *
 * The shares sum to min(available, sum of needs), none exceeds its need, and none falls when more is available.
 *
 * @param needs not negative
 * @param importances any positive numbers; only their order counts here
 * @param minima what each gets before any gets more; a minimum above its need counts as the need
 * @param split whole units (default), or `proportionally` for what can be divided
 */
export function shareByImportance(
  needs: readonly number[],
  importances: readonly number[],
  available: number,
  minima: readonly number[],
  split: Split = inWholeUnits,
): number[] {
  const floors = needs.map((need, i) => Math.min(need, minima[i] ?? 0));
  const floorSum = sum(floors);
  if (floorSum >= available) return byClass(floors, importances, available, split);
  const rest = needs.map((need, i) => need - (floors[i] as number));
  const more = byClass(rest, importances, available - floorSum, split);
  return floors.map((floor, i) => floor + (more[i] as number));
}

function byClass(needs: readonly number[], importances: readonly number[], available: number, split: Split): number[] {
  const shares = needs.map(() => 0);
  let left = Math.max(0, available);
  for (const importance of [...new Set(importances)].sort((a, b) => b - a)) {
    const members = needs.map((_, i) => i).filter((i) => importances[i] === importance);
    const wanted = members.map((i) => needs[i] as number);
    const given = sum(wanted) <= left ? wanted : split(wanted, left);
    for (const [j, i] of members.entries()) shares[i] = given[j] as number;
    left = Math.max(0, left - sum(given));
  }
  return shares;
}

/** Exact proportion: for what can be divided. */
export function proportionally(needs: readonly number[], available: number): number[] {
  const total = sum(needs);
  return needs.map((need) => (total > 0 ? (need * Math.min(available, total)) / total : 0));
}

/**
 * Whole units, one at a time to the need that is served least: (given + 1/2) / need, the divisor rule of Webster. Largest
 * remainders would be shorter, but there one more unit to share can take one away from somebody (the Alabama paradox).
 */
export function inWholeUnits(needs: readonly number[], available: number): number[] {
  const given = needs.map(() => 0);
  for (let left = Math.floor(available); left > 0; left--) {
    let poorest = -1;
    let lowest = Number.POSITIVE_INFINITY;
    for (const [i, need] of needs.entries()) {
      const served = ((given[i] as number) + 0.5) / need;
      if ((given[i] as number) + 1 <= need && served < lowest) [poorest, lowest] = [i, served];
    }
    if (poorest < 0) break;
    given[poorest] = (given[poorest] as number) + 1;
  }
  return given;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
