/** Demand as it was seen, in bins of five percent: enough for a quantile, and as small as that. Data. */
export interface Seen {
  /** Rising bins and what each has counted. */
  readonly bins: readonly (readonly [bin: number, count: number])[];
  readonly count: number;
}

const WIDTH = Math.log(1.05);
/** Beyond this all counts are halved, so that old demand fades: four weeks of minutes. */
const MOST = 40_320;

export function beginSeen(): Seen {
  return { bins: [], count: 0 };
}

export function see({ bins, count }: Seen, rate: number): Seen {
  if (!(rate > 0)) return { bins, count };
  const bin = Math.floor(Math.log(rate) / WIDTH);
  const at = bins.findIndex(([other]) => other >= bin);
  const next = [...bins];
  const present = at < 0 ? undefined : bins[at];
  if (present?.[0] === bin) next[at] = [bin, present[1] + 1];
  else next.splice(at < 0 ? bins.length : at, 0, [bin, 1]);
  if (count + 1 < MOST) return { bins: next, count: count + 1 };
  const halved = next.flatMap(([each, n]) => (n > 1 ? [[each, n >> 1] as const] : []));
  return { bins: halved, count: halved.reduce((sum, [, n]) => sum + n, 0) };
}

/** Lower end of the bin that the quantile lies in; 0 of nothing. */
export function seenQuantile({ bins, count }: Seen, level: number): number {
  let sum = 0;
  for (const [bin, n] of bins) {
    sum += n;
    if (sum >= level * count) return Math.exp(bin * WIDTH);
  }
  return 0;
}
