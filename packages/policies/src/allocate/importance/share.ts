/**
 * Splits what can be divided when needs exceed it: all to the highest importance until its needs are met, then to the next;
 * needs of equal importance share in proportion.
 *
 * The shares sum to min(available, sum of needs), none exceeds its need, and none falls when more is available.
 *
 * @param needs not negative
 * @param importances any positive numbers; only their order counts here
 */
export function shareByImportance(needs: readonly number[], importances: readonly number[], available: number): number[] {
  const shares = needs.map(() => 0);
  let left = Math.max(0, available);
  for (const importance of [...new Set(importances)].sort((a, b) => b - a)) {
    const members = needs.map((_, i) => i).filter((i) => importances[i] === importance);
    const wanted = members.reduce((sum, i) => sum + (needs[i] as number), 0);
    const part = wanted > 0 ? Math.min(1, left / wanted) : 0;
    for (const i of members) shares[i] = (needs[i] as number) * part;
    left = Math.max(0, left - wanted);
  }
  return shares;
}
