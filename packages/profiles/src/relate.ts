import type { Correlation } from '@auspex/contracts';
import { RELATE_BUCKET_MS } from './fold.ts';
import type { BehaviorState } from './state.ts';

/** Only the busiest groups are related: the work is quadratic. */
const MOST_GROUPS = 32;
/** Lags of up to two hours either way, in 15-minute buckets. */
const MOST_LAG = 8;
/** Below this many common buckets (a day) nothing is said. */
const LEAST_COMMON = 96;
const LEAST_R = 0.3;
const KEEP = 5;

/**
 * For each group the groups whose deviation from their own expected moves with its own, and by how much they lead:
 * the lag with the highest absolute Pearson correlation. Deviations, not rates: everybody sleeps at night.
 */
export function relate(states: ReadonlyMap<string, BehaviorState>): Map<string, readonly Correlation[]> {
  const busiest = [...states]
    .filter(([, state]) => state.recent.size >= LEAST_COMMON)
    .sort((a, b) => b[1].shape.level - a[1].shape.level || (a[0] < b[0] ? -1 : 1))
    .slice(0, MOST_GROUPS)
    .map(([group, state]) => ({
      group,
      values: state.recent.toArray(),
      end: state.bucket,
      bucketMs: Math.max(RELATE_BUCKET_MS, state.stepMs),
    }));
  const found = new Map<string, Correlation[]>(busiest.map(({ group }) => [group, []]));
  for (const [i, a] of busiest.entries()) {
    for (const b of busiest.slice(i + 1)) {
      const { r, lag } = bestLag(a.values, b.values, b.end - a.end);
      if (Math.abs(r) < LEAST_R) continue;
      found.get(a.group)?.push({ group: b.group, lagMs: lag * a.bucketMs, r });
      found.get(b.group)?.push({ group: a.group, lagMs: (0 - lag) * a.bucketMs, r });
    }
  }
  const strongest = (list: Correlation[]): Correlation[] =>
    list.sort((a, b) => Math.abs(b.r) - Math.abs(a.r) || (a.group < b.group ? -1 : 1)).slice(0, KEEP);
  return new Map([...found].map(([group, list]) => [group, strongest(list)]));
}

/**
 * The lag (in buckets, positive = b leads) of the strongest correlation; r = 0 where too little is common.
 *
 * @param shift buckets by which b's last value is newer than a's
 */
export function bestLag(a: Float64Array, b: Float64Array, shift = 0): { r: number; lag: number } {
  let best = { r: 0, lag: 0 };
  for (let lag = -MOST_LAG; lag <= MOST_LAG; lag++) {
    // a[i] and b[j] are of the same time where j = i − shift − a.length + b.length.
    const r = pearson(a, b, lag + shift + a.length - b.length);
    if (Math.abs(r) > Math.abs(best.r) + 1e-12) best = { r, lag };
  }
  return best;
}

/** Pearson correlation of a[i] with b[i − offset] over the pairs in which both are known. */
function pearson(a: Float64Array, b: Float64Array, offset: number): number {
  let n = 0;
  let sa = 0;
  let sb = 0;
  let saa = 0;
  let sbb = 0;
  let sab = 0;
  for (let i = Math.max(0, offset); i < Math.min(a.length, b.length + offset); i++) {
    const x = a[i] as number;
    const y = b[i - offset] as number;
    if (Number.isNaN(x) || Number.isNaN(y)) continue;
    n++;
    sa += x;
    sb += y;
    saa += x * x;
    sbb += y * y;
    sab += x * y;
  }
  if (n < LEAST_COMMON - MOST_LAG) return 0;
  const va = saa - (sa * sa) / n;
  const vb = sbb - (sb * sb) / n;
  return va > 1e-9 && vb > 1e-9 ? (sab - (sa * sb) / n) / Math.sqrt(va * vb) : 0;
}
