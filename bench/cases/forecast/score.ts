import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { SeededRandom } from '../../../packages/numerics/src/index.ts';
import type { EvalSeries } from './set.ts';

const QUANTILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
/** Steps that are scored together: 1, 1 to 12, 1 to 24. */
export const HORIZONS = [1, 12, 24] as const;

/** Forecasts of one method: by series and origin, 24 steps times ten quantiles. */
export type Forecasts = ReadonlyMap<string, ReadonlyMap<number, Float64Array>>;

/** What one series scores over steps 1 to H. */
export interface SeriesScore {
  /** Mean over 0.1 to 0.9 of twice the pinball loss, relative to the sum of outcomes. */
  readonly wql: number;
  /** The same at 0.95. */
  readonly wql95: number;
  /** Share of outcomes between the quantiles 0.1 and 0.9. */
  readonly cover80: number;
}

/** Reads a file of forecasts (series,origin,step,quantile,value), gzipped or not. @throws Error on a row that is none */
export function readForecasts(file: string): Forecasts {
  const bytes = readFileSync(file);
  const all = new Map<string, Map<number, Float64Array>>();
  for (const line of (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split('\n').slice(1)) {
    if (line === '') continue;
    const [series = '', origin, step, quantile, value] = line.split(',');
    const column = QUANTILES.findIndex((each) => Math.abs(each - Number(quantile)) < 1e-6);
    if (column < 0) continue;
    let origins = all.get(series);
    if (!origins) {
      origins = new Map();
      all.set(series, origins);
    }
    let values = origins.get(Number(origin));
    if (!values) {
      values = new Float64Array(24 * QUANTILES.length).fill(Number.NaN);
      origins.set(Number(origin), values);
    }
    values[(Number(step) - 1) * QUANTILES.length + column] = Number(value);
  }
  return all;
}

/** Scores one series as the scorer of the evaluation set does; undefined where a forecast is missing. */
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

/** The seasonal naive of one day with the spread of its own past errors: what relative figures are relative to where no file gives one. */
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
  const forecast = new Float64Array(24 * QUANTILES.length);
  for (let step = 0; step < 24; step++) {
    const from = origin + step - season * Math.ceil((step + 1) / season);
    for (const [column, level] of QUANTILES.entries()) {
      const place = level * Math.max(0, errors.length - 1);
      const low = Math.floor(place);
      const below = errors[low] ?? 0;
      const error = below + ((errors[low + 1] ?? below) - below) * (place - low);
      forecast[step * QUANTILES.length + column] = Math.max(0, (values[Math.max(0, from)] as number) + error);
    }
  }
  return forecast;
}

/** Geometric mean over series of the ratio of two scores; a series in which either is zero counts as a tie. */
export function relative(ours: readonly number[], theirs: readonly number[]): number {
  const logs = ours.map((loss, i) => logRatio(loss, theirs[i] as number));
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}

function logRatio(ours: number, theirs: number): number {
  return ours > 0 && theirs > 0 ? Math.log(ours / theirs) : 0;
}

/**
 * 95 % interval of `relative`, by a paired bootstrap over sources: series of one source are drawn together, since they are no
 * independent evidence (Cameron, Gelbach & Miller 2008).
 */
export function interval(
  ours: readonly number[],
  theirs: readonly number[],
  sources: readonly string[],
  draws = 2_000,
): readonly [low: number, high: number] {
  const clusters = [...new Set(sources)].map((source) =>
    sources.flatMap((each, i) => (each === source ? [logRatio(ours[i] as number, theirs[i] as number)] : [])),
  );
  const random = new SeededRandom('bootstrap');
  const means = Array.from({ length: draws }, () => {
    let sum = 0;
    let count = 0;
    for (let n = 0; n < clusters.length; n++) {
      const cluster = clusters[Math.floor(random.next() * clusters.length)] as number[];
      for (const log of cluster) sum += log;
      count += cluster.length;
    }
    return sum / count;
  }).sort((a, b) => a - b);
  const at = (share: number): number => Math.exp(means[Math.floor(share * (draws - 1))] as number);
  return [at(0.025), at(0.975)];
}
