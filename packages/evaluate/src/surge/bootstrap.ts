import { quantileSorted, SeededRandom } from '@auspex/numerics';

/** A figure and the middle 95 % of what it is on resampled days. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface Resampling {
  readonly draws: number;
  readonly seed: number;
}

/**
 * The block bootstrap (Künsch 1989): days drawn with replacement, all pools of a day together, since neither steps of a day nor pools of an
 * hour are independent. A statistic is a function of sums, and each day has its own.
 *
 * @param days one row of sums a day
 * @param statistic of the sums over all days drawn; NaN draws are left out
 */
export function bootstrap(days: readonly Float64Array[], statistic: (sums: Float64Array) => number, { draws, seed }: Resampling): Interval {
  const width = days[0]?.length ?? 0;
  const add = (sums: Float64Array, day: Float64Array): void => {
    for (let i = 0; i < width; i++) sums[i] = (sums[i] as number) + (day[i] as number);
  };
  const whole = new Float64Array(width);
  for (const day of days) add(whole, day);
  const random = new SeededRandom(seed);
  const values: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const sums = new Float64Array(width);
    for (let i = 0; i < days.length; i++) add(sums, days[random.below(days.length)] as Float64Array);
    const value = statistic(sums);
    if (Number.isFinite(value)) values.push(value);
  }
  const sorted = Float64Array.from(values).sort();
  return { value: statistic(whole), low: quantileSorted(sorted, 0.025), high: quantileSorted(sorted, 0.975) };
}
