import type { Need } from './need.ts';
import { shareByImportance } from './share.ts';

/** Groups named in one reason; the least important are only counted. */
const NAMED = 5;

/**
 * How `available` units cover the need of a pool's groups when they serve higher importance first:
 * `critical 100 %, bulk 43 %`, most important first. Empty where no group's demand is known.
 *
 * This says what the units are enough for; who is served first is up to the load balancer in front of them.
 */
export function coverage(need: Need, available: number): string {
  const { groups, pool } = need.view;
  const total = need.weights.reduce((sum, weight) => sum + weight, 0);
  const rows = groups
    .map(({ surge }, i) => ({
      group: surge.group,
      importance: pool.importanceOf(surge.group),
      needs: total > 0 ? (need.units * (need.weights[i] as number)) / total : 0,
    }))
    .filter((row) => row.needs > 0)
    .sort((a, b) => b.importance - a.importance || b.needs - a.needs || (a.group < b.group ? -1 : 1));
  const shares = shareByImportance(
    rows.map((row) => row.needs),
    rows.map((row) => row.importance),
    available,
  );
  // Rounded down: "100 %" must not be said of a group that is short.
  const named = rows.slice(0, NAMED).map((row, i) => `${row.group} ${Math.floor(((shares[i] as number) / row.needs) * 100 + 1e-9)} %`);
  if (rows.length > NAMED) named.push(`and ${rows.length - NAMED} less important groups`);
  return named.join(', ');
}
