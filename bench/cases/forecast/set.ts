import { readFileSync } from 'node:fs';
import path from 'node:path';

/** One series of an evaluation set. */
export interface EvalSeries {
  readonly name: string;
  readonly stepMs: number;
  /** Start of the first step, epoch ms. */
  readonly start: number;
  /** Values of the steps, in the series' own unit a step. */
  readonly values: Float64Array;
  /** How many steps are known at each origin, rising. */
  readonly origins: readonly number[];
  /** Most steps before an origin that a peer may look at; Infinity where the set names none. */
  readonly context: number;
}

function rows(file: string): { readonly columns: readonly string[]; readonly cells: readonly string[][] } {
  const [head = '', ...lines] = readFileSync(file, 'utf8').trim().split(/\r?\n/);
  return { columns: head.split(','), cells: lines.map((line) => line.split(',')) };
}

/**
 * The evaluation set in `folder`: series.csv (series, index, timestamp in UTC, value) and origins.csv (series, origin, step_seconds, and
 * context where it has one).
 * @throws Error where a file or a column is missing, a step is left out, or an origin lies outside
 */
export function readSet(folder: string): EvalSeries[] {
  const values = new Map<string, { first: string; list: number[] }>();
  const table = rows(path.join(folder, 'series.csv'));
  const [name, index, time, value] = ['series', 'index', 'timestamp', 'value'].map((column) => place(table.columns, column, 'series.csv'));
  for (const cells of table.cells) {
    const series = cells[name as number] as string;
    const known = values.get(series) ?? { first: cells[time as number] as string, list: [] };
    if (Number(cells[index as number]) !== known.list.length) throw new Error(`series.csv: ${series} has no row ${known.list.length}`);
    known.list.push(Number(cells[value as number]));
    values.set(series, known);
  }
  const origins = new Map<string, { stepMs: number; context: number; list: number[] }>();
  const wanted = rows(path.join(folder, 'origins.csv'));
  const [of, origin, seconds] = ['series', 'origin', 'step_seconds'].map((column) => place(wanted.columns, column, 'origins.csv'));
  const most = wanted.columns.indexOf('context');
  for (const cells of wanted.cells) {
    const series = cells[of as number] as string;
    const context = most < 0 ? Number.POSITIVE_INFINITY : Number(cells[most]);
    const known = origins.get(series) ?? { stepMs: 1_000 * Number(cells[seconds as number]), context, list: [] };
    known.list.push(Number(cells[origin as number]));
    origins.set(series, known);
  }
  return [...origins].map(([series, { stepMs, context, list }]) => {
    const known = values.get(series);
    if (!known) throw new Error(`origins.csv names ${series}, and series.csv has no such series`);
    const last = Math.max(...list);
    if (last > known.list.length) throw new Error(`${series}: origin ${last} lies behind its ${known.list.length} rows`);
    const start = Date.parse(`${known.first.replace(' ', 'T')}${/Z|[+-]\d\d:?\d\d$/.test(known.first) ? '' : 'Z'}`);
    if (!Number.isFinite(start)) throw new Error(`${series}: "${known.first}" is no time`);
    return { name: series, stepMs, start, values: Float64Array.from(known.list), origins: list.toSorted((a, b) => a - b), context };
  });
}

function place(columns: readonly string[], column: string, file: string): number {
  const at = columns.indexOf(column);
  if (at < 0) throw new Error(`${file} has no column ${column}`);
  return at;
}
