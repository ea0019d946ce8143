import { LEVELS } from '@auspex/contracts';
import { pinball } from '@auspex/numerics';

/** Forecasts of one series for one lead time against what came. Rates a second; steps with NaN on either side are left out. */
export interface ForecastPairs {
  readonly actual: ArrayLike<number>;
  /** Row-major [step x levels]. */
  readonly quantiles: ArrayLike<number>;
  /** Default: the levels of every forecast in Auspex. Must hold 0.1, 0.5 and 0.9. */
  readonly levels?: readonly number[];
  /** Steps of a season for MASE: a day or a week. Needs history of more than that in `actual`, else MASE is NaN. */
  readonly season: number;
}

/** How good forecasts were. NaN where nothing could be compared. */
export interface ForecastMetrics {
  /** Mean over levels of 2 x sum pinball / sum |y| (weighted quantile loss, Gasthaus et al. 2019). */
  readonly wql: number;
  /** % of outcomes inside [q0.1, q0.9]; 80 is right. */
  readonly coverage80: number;
  /** Mean |y - median| over the mean of |y[t] - y[t - season]| (Hyndman & Koehler 2006). Below 1 = better than last season's value. */
  readonly mase: number;
  /** Sum |y - median| / sum |y|, in %. */
  readonly wape: number;
  /** Steps compared. */
  readonly steps: number;
}

/** Weighted quantile loss, coverage of the 80 % interval, MASE and WAPE. */
export function forecastMetrics(pairs: ForecastPairs): ForecastMetrics {
  const levels = pairs.levels ?? LEVELS;
  const [low, median, high] = [0.1, 0.5, 0.9].map((level) => column(levels, level)) as [number, number, number];
  const sum = { loss: 0, size: 0, error: 0, inside: 0, steps: 0 };
  for (let t = 0; t < pairs.actual.length; t++) {
    const y = pairs.actual[t] as number;
    const q = (c: number): number => pairs.quantiles[t * levels.length + c] as number;
    if (Number.isNaN(y) || Number.isNaN(q(median))) continue;
    for (let c = 0; c < levels.length; c++) sum.loss += pinball(y, q(c), levels[c] as number);
    sum.size += Math.abs(y);
    sum.error += Math.abs(y - q(median));
    if (y >= q(low) && y <= q(high)) sum.inside++;
    sum.steps++;
  }
  const share = (value: number, of: number): number => (of > 0 ? value / of : Number.NaN);
  return {
    wql: share((2 * sum.loss) / levels.length, sum.size),
    coverage80: 100 * share(sum.inside, sum.steps),
    mase: share(share(sum.error, sum.steps), seasonalChange(pairs.actual, pairs.season)),
    wape: 100 * share(sum.error, sum.size),
    steps: sum.steps,
  };
}

function column(levels: readonly number[], level: number): number {
  const index = levels.indexOf(level);
  if (index < 0) throw new RangeError(`levels must hold ${level}`);
  return index;
}

function seasonalChange(actual: ArrayLike<number>, season: number): number {
  let sum = 0;
  let count = 0;
  for (let t = season; t < actual.length; t++) {
    const change = Math.abs((actual[t] as number) - (actual[t - season] as number));
    if (Number.isNaN(change)) continue;
    sum += change;
    count++;
  }
  return count > 0 ? sum / count : Number.NaN;
}
