// Scores forecasts by the definitions of the evaluation set's own scorer (score_forecasts.py): WQL, WQL95, cov80 and the ratio to another
// method. It scores a method on what it has; here a series counts only when every forecast of it is there.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { SeededRandom } from '../../../packages/numerics/src/index.ts';
import type { EvalSeries } from './set.ts';

const QUANTILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
/** Steps that are scored together: 1, 1 to 12, 1 to 24. */
export const HORIZONS = [1, 12, 24] as const;
const STEPS = 24;
/** Stands for a loss of zero in a ratio. */
const SMALLEST = 1e-12;

/** Forecasts of one method: by series and origin, 24 steps times ten quantiles; NaN = there is none. */
export type Forecasts = ReadonlyMap<string, ReadonlyMap<number, Float64Array>>;

/** What a method scores by series, over each of HORIZONS. A series for which it lacks a forecast is not in it. */
export type Scores = ReadonlyMap<string, readonly SeriesScore[]>;

/** What one series scores over steps 1 to H. */
export interface SeriesScore {
  /** Mean over 0.1 to 0.9 of twice the pinball loss, relative to the sum of outcomes. */
  readonly wql: number;
  /** The same at 0.95. */
  readonly wql95: number;
  /** Share of outcomes between the quantiles 0.1 and 0.9. */
  readonly cover80: number;
}

/**
 * Reads a file of forecasts (series,origin,step,quantile,value), gzipped or not. An empty value, or nan, is a forecast that was not made.
 * @throws Error naming the file and the row that is none, and where there is no row
 */
export function readForecasts(file: string): Forecasts {
  const fail = (what: string): Error => new Error(`${file}: ${what}`);
  const lines = text(file).split(/\r?\n/);
  if (lines[0] !== 'series,origin,step,quantile,value') throw fail('its first line is not series,origin,step,quantile,value');
  const all = new Map<string, Map<number, Float64Array>>();
  for (let n = 1; n < lines.length; n++) {
    const line = lines[n] as string;
    if (line === '') continue;
    const [series = '', origin, step, quantile, value, ...more] = line.split(',');
    const [row, level] = [Number(step) - 1, Number(quantile)];
    const none = value === '' || value?.toLowerCase() === 'nan';
    const isWhole = Number.isInteger(Number(origin)) && Number.isInteger(row) && row >= 0 && row < STEPS && level > 0 && level < 1;
    if (!isWhole || more.length > 0 || !(none || Number.isFinite(Number(value)))) throw fail(`line ${n + 1} is no forecast: ${line}`);
    const column = QUANTILES.findIndex((each) => Math.abs(each - level) < 1e-6);
    if (column < 0) continue;
    let origins = all.get(series);
    if (!origins) {
      origins = new Map();
      all.set(series, origins);
    }
    let values = origins.get(Number(origin));
    if (!values) {
      values = new Float64Array(STEPS * QUANTILES.length).fill(Number.NaN);
      origins.set(Number(origin), values);
    }
    values[row * QUANTILES.length + column] = none ? Number.NaN : Number(value);
  }
  if (all.size === 0) throw fail('there is no forecast in it');
  return all;
}

function text(file: string): string {
  const bytes = readFileSync(file);
  if (!file.endsWith('.gz')) return bytes.toString('utf8');
  try {
    return gunzipSync(bytes).toString('utf8');
  } catch (cause) {
    throw new Error(`${file}: not to be unzipped (${cause instanceof Error ? cause.message : cause})`, { cause });
  }
}

/** Scores every series of which the method has all forecasts. */
export function scoreSet(set: readonly EvalSeries[], forecasts: Forecasts): Scores {
  const scores = new Map<string, readonly SeriesScore[]>();
  for (const series of set) {
    const each = HORIZONS.map((steps) => scoreSeries(series, forecasts, steps));
    if (each.every((score) => score !== undefined)) scores.set(series.name, each);
  }
  return scores;
}

/** Scores one series over steps 1 to `steps`; undefined where a forecast is missing. Steps after the series' end are not scored. */
export function scoreSeries({ name, values, origins }: EvalSeries, forecasts: Forecasts, steps: number): SeriesScore | undefined {
  const known = forecasts.get(name);
  const losses = new Float64Array(QUANTILES.length);
  let total = 0;
  let inside = 0;
  let count = 0;
  for (const origin of origins) {
    const rows = known?.get(origin);
    if (!rows || rows.some(Number.isNaN)) return undefined;
    for (let step = 0; step < steps && origin + step < values.length; step++) {
      const y = values[origin + step] as number;
      const at = step * QUANTILES.length;
      total += Math.abs(y);
      count++;
      for (const [column, level] of QUANTILES.entries()) {
        const error = y - (rows[at + column] as number);
        losses[column] = (losses[column] as number) + Math.max(level * error, (level - 1) * error);
      }
      if (y >= (rows[at] as number) && y <= (rows[at + 8] as number)) inside++;
    }
  }
  const share = (loss: number): number => (2 * loss) / Math.max(total, 1e-9);
  const wql = losses.slice(0, 9).reduce((sum, loss) => sum + share(loss), 0) / 9;
  return { wql, wql95: share(losses[9] as number), cover80: inside / count };
}

/**
 * The value of `days` days ago with the spread of what that missed before the origin: what relative figures are relative to where no
 * file gives a seasonal naive.
 */
export function naiveForecasts(series: readonly EvalSeries[], days = 1): Forecasts {
  return new Map(
    series.map(({ name, values, origins, stepMs }) => {
      const season = Math.round((days * 86_400_000) / stepMs);
      return [name, new Map(origins.map((origin) => [origin, naive(values, origin, season)]))] as const;
    }),
  );
}

function naive(values: Float64Array, origin: number, season: number): Float64Array {
  const errors: number[] = [];
  for (let i = season; i < origin; i++) errors.push((values[i] as number) - (values[i - season] as number));
  errors.sort((a, b) => a - b);
  const forecast = new Float64Array(STEPS * QUANTILES.length);
  for (let step = 0; step < STEPS; step++) {
    const from = origin + step - season * Math.ceil((step + 1) / season);
    for (const [column, level] of QUANTILES.entries()) {
      const guess = (values[Math.max(0, from)] as number) + quantile(errors, level);
      forecast[step * QUANTILES.length + column] = Math.max(0, guess);
    }
  }
  return forecast;
}

/** Geometric mean of the ratios of two lists of losses, pair by pair; NaN of none. */
export function relative(ours: readonly number[], theirs: readonly number[]): number {
  return Math.exp(mean(ours.map((loss, i) => logRatio(loss, theirs[i] as number))));
}

export function mean(list: readonly number[]): number {
  return list.reduce((sum, each) => sum + each, 0) / list.length;
}

/** A loss of zero counts as the smallest that there is: two of them are a tie. */
function logRatio(ours: number, theirs: number): number {
  return Math.log(Math.max(ours, SMALLEST) / Math.max(theirs, SMALLEST));
}

/**
 * 95 % interval of `relative`, by a paired bootstrap over sources (percentiles): series of one source are drawn together, since they are
 * no independent evidence (Cameron, Gelbach & Miller 2008). With one source there is nothing to draw, and it is a point.
 *
 * @param sources of each pair
 */
export function interval(
  ours: readonly number[],
  theirs: readonly number[],
  sources: readonly string[],
  draws = 10_000,
): readonly [low: number, high: number] {
  const clusters = [...new Set(sources)].map((source) => {
    const logs = ours.flatMap((loss, i) => (sources[i] === source ? [logRatio(loss, theirs[i] as number)] : []));
    return { sum: logs.reduce((sum, log) => sum + log, 0), count: logs.length };
  });
  const random = new SeededRandom('bootstrap');
  const means = new Float64Array(draws).map(() => {
    let sum = 0;
    let count = 0;
    for (let n = 0; n < clusters.length; n++) {
      const cluster = clusters[random.below(clusters.length)] as (typeof clusters)[number];
      sum += cluster.sum;
      count += cluster.count;
    }
    return sum / count;
  });
  means.sort();
  const at = (share: number): number => Math.exp(quantile(means, share));
  return [at(0.025), at(0.975)];
}

/** Of a rising list, linear between its members. */
function quantile(rising: ArrayLike<number>, share: number): number {
  const place = share * Math.max(0, rising.length - 1);
  const low = Math.floor(place);
  const below = rising[low] ?? 0;
  return below + ((rising[low + 1] ?? below) - below) * (place - low);
}
