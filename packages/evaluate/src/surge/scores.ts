import { bootstrap, type Interval, type Resampling } from './bootstrap.ts';
import { byDay, type Pair } from './pairs.ts';

/** A probability is taken to be no nearer to 0 and 1 than this, so that one surprise is not infinitely bad. */
export const CLIP = 1e-4;

/** A proper score of the probabilities: lower is better; and the share by which it beats each reference: 0 = no better, 1 = perfect. */
export interface SurgeScore {
  readonly value: number;
  readonly climatology: number;
  readonly logistic: number;
  readonly overClimatology: Interval;
  readonly overLogistic: Interval;
}

/** Mean of (p - y)^2 (Brier 1950). */
export function brier(probability: number, label: number): number {
  return (probability - label) ** 2;
}

/** -log of the chance given to what came (Good 1952), clipped. */
export function logScore(probability: number, label: number): number {
  const clipped = Math.min(Math.max(probability, CLIP), 1 - CLIP);
  return -Math.log(label === 1 ? clipped : 1 - clipped);
}

/** The score over all pairs, with intervals of its skill by resampled days. */
export function scoreOf(pairs: readonly Pair[], score: (probability: number, label: number) => number, how: Resampling): SurgeScore {
  const days = byDay(pairs, 4, (sums, { label, probability, climatology, logistic }) => {
    [score(probability, label), score(climatology, label), score(logistic, label), 1].forEach((value, i) => {
      sums[i] = (sums[i] as number) + value;
    });
  });
  const total = (column: number): number => days.reduce((sum, day) => sum + (day[column] as number), 0);
  const skill =
    (column: number) =>
    (sums: Float64Array): number =>
      1 - (sums[0] as number) / (sums[column] as number);
  const count = total(3);
  return {
    value: total(0) / count,
    climatology: total(1) / count,
    logistic: total(2) / count,
    overClimatology: bootstrap(days, skill(1), how),
    overLogistic: bootstrap(days, skill(2), how),
  };
}
