import { bootstrap, type Resampling } from './bootstrap.ts';
import { byDay, type Pair } from './pairs.ts';

/** Probabilities that are near each other, and how often the surge came. */
export interface ReliabilityBin {
  readonly count: number;
  /** Lowest and highest probability, and their mean. */
  readonly from: number;
  readonly to: number;
  readonly said: number;
  /** Share of surges; the band is the middle 95 % on resampled days. */
  readonly came: number;
  readonly low: number;
  readonly high: number;
}

/** Probabilities in bins of equal count, as far as equal probabilities let them be cut: those stay together. */
export function reliability(pairs: readonly Pair[], how: Resampling, count = 10): ReliabilityBin[] {
  const sorted = pairs.map(({ probability }) => probability).sort((a, b) => a - b);
  const cuts = new Set<number>();
  for (let bin = 1; bin < count; bin++) {
    const cut = sorted[Math.floor((bin * sorted.length) / count)];
    if (cut !== undefined && cut > (sorted[0] as number)) cuts.add(cut);
  }
  const begins = [Number.NEGATIVE_INFINITY, ...cuts];
  const binOf = (probability: number): number => begins.findLastIndex((begin) => probability >= begin);
  const bins = begins.map((): Pair[] => []);
  for (const pair of pairs) bins[binOf(pair.probability)]?.push(pair);
  // Every day of the whole span is a block, also for bins that it does not touch.
  const days = byDay(pairs, 2 * bins.length, (sums, { probability, label }) => {
    const at = 2 * binOf(probability);
    sums[at] = (sums[at] as number) + label;
    sums[at + 1] = (sums[at + 1] as number) + 1;
  });
  return bins
    .map((bin, i) => {
      const interval = bootstrap(days, (sums) => (sums[2 * i] as number) / (sums[2 * i + 1] as number), how);
      const probabilities = bin.map(({ probability }) => probability).sort((a, b) => a - b);
      return {
        count: bin.length,
        from: probabilities[0] as number,
        to: probabilities.at(-1) as number,
        said: probabilities.reduce((sum, p) => sum + p, 0) / bin.length,
        came: interval.value,
        low: interval.low,
        high: interval.high,
      };
    })
    .filter((bin) => bin.count > 0);
}
