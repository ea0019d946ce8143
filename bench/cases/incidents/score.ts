// Which incidents were found, and which alerts were about none.
import { KIND_NAMES } from './incidents.ts';
import { MINUTE } from './pool.ts';
import type { Played } from './world.ts';

/** An alert that begins so soon after an incident is about its end. */
const AFTERMATH = 30 * MINUTE;

/** What became of one kind. */
export interface Found {
  readonly kind: string;
  found: number;
  of: number;
  /** Minutes from the begin of each that was found to its alert. */
  readonly delays: number[];
}

export interface Result {
  readonly kinds: readonly Found[];
  readonly weeks: number;
  /** Alerts that begin outside of every incident; of them those that begin just after one. */
  readonly outside: readonly { readonly pool: string; readonly at: number; readonly summary: string; readonly aftermath: boolean }[];
}

export function score(pools: readonly Played[]): Result {
  const kinds = KIND_NAMES.map((kind): Found => ({ kind, found: 0, of: 0, delays: [] }));
  for (const { incidents, alerts } of pools)
    for (const { kind, from, to } of incidents) {
      const own = kinds.find((each) => each.kind === kind) as Found;
      const first = alerts.find(({ at }) => at >= from && at < to);
      own.of++;
      if (!first) continue;
      own.found++;
      own.delays.push((first.at - from) / MINUTE);
    }
  const outside = pools.flatMap(({ world, incidents, alerts }) =>
    alerts
      .filter(({ at }) => !incidents.some(({ from, to }) => at >= from && at < to))
      .map(({ at, summary }) => ({ pool: world.id, at, summary, aftermath: incidents.some(({ to }) => at >= to && at < to + AFTERMATH) })),
  );
  return { kinds, weeks: pools.reduce((sum, { weeks }) => sum + weeks, 0), outside };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

export function text({ kinds, weeks, outside }: Result): string {
  const rows = kinds.filter(({ of }) => of > 0);
  const [found, of] = [rows.reduce((sum, each) => sum + each.found, 0), rows.reduce((sum, each) => sum + each.of, 0)];
  const after = outside.filter(({ aftermath }) => aftermath).length;
  return [
    ...rows.map(
      ({ kind, found: own, of: all, delays }) =>
        `  ${kind.padEnd(10)} ${own} of ${all}${own > 0 ? `, after ${median(delays)} min (median)` : ''}`,
    ),
    ...(of > 0 ? [`recall ${((100 * found) / of).toFixed(1)} % (${found} of ${of})`] : []),
    `false alerts ${(outside.length / weeks).toFixed(2)} a pool-week (${outside.length} in ${weeks})${of > 0 ? `; ${after} of them within 30 minutes after an incident` : ''}`,
  ].join('\n');
}
