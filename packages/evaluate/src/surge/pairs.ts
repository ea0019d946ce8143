import { climatology } from './climatology.ts';
import { surgeLabels, UNKNOWN } from './labels.ts';
import { useAndSlope } from './logistic.ts';
import type { SurgeSeries } from './series.ts';

const DAY_MS = 86_400_000;

/** One probability that can be judged, with what the references said at the same time. */
export interface Pair {
  /** UTC day of the step. */
  readonly day: number;
  readonly label: number;
  readonly probability: number;
  readonly climatology: number;
  readonly logistic: number;
}

/** Every step whose label is known and that has a probability, pools one after the other. */
export function pairsOf(pools: readonly SurgeSeries[], zone: string): Pair[] {
  return pools.flatMap((series) => {
    const labels = surgeLabels(series);
    const byHour = climatology(series, labels, zone);
    const byUse = useAndSlope(series, labels);
    const pairs: Pair[] = [];
    for (let t = series.judgedFrom ?? 0; t < labels.length; t++) {
      const probability = series.probability[t] as number;
      if (labels[t] === UNKNOWN || Number.isNaN(probability)) continue;
      const day = Math.floor((series.at[t] as number) / DAY_MS);
      pairs.push({
        day,
        label: labels[t] as number,
        probability,
        climatology: byHour[t] as number,
        logistic: byUse[t] as number,
      });
    }
    return pairs;
  });
}

/** Rows of sums by day, in the order of days. */
export function byDay(pairs: readonly Pair[], width: number, add: (sums: Float64Array, pair: Pair) => void): Float64Array[] {
  const days = new Map<number, Float64Array>();
  for (const pair of pairs) {
    let sums = days.get(pair.day);
    if (!sums) {
      sums = new Float64Array(width);
      days.set(pair.day, sums);
    }
    add(sums, pair);
  }
  return [...days].sort(([a], [b]) => a - b).map(([, sums]) => sums);
}
