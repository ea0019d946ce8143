import { readFileSync } from 'node:fs';
import type { Cost } from '../forecast/replay.ts';
import { mean } from '../forecast/score.ts';
import { table } from './tables.ts';

/** What a method spent on one set: its file of times, and where it was replayed step by step what `bench forecast --cost` wrote. */
export interface Spent {
  readonly times: string;
  readonly cost?: string;
}

/** CPU milliseconds of the origins of some series, rising. @throws Error where the file has none of them */
function cpuTimes(file: string, series: ReadonlySet<string>): number[] {
  const [head = '', ...lines] = readFileSync(file, 'utf8').trim().split(/\r?\n/);
  const column = head.split(',').indexOf('cpu_ms');
  const rows = lines.map((line) => line.split(',')).filter(([name = '']) => series.has(name));
  const times = rows.map((cells) => Number(cells[column]));
  if (column < 0 || times.length === 0 || !times.every(Number.isFinite))
    throw new Error(`${file}: there are no times in it, or broken ones`);
  return times.sort((a, b) => a - b);
}

/** A set's name, and the series of it that count. */
export type Counted = readonly [name: string, series: ReadonlySet<string>];

/** CPU of each method on each set: milliseconds an origin, and for ours microseconds a step. */
export function costTable(
  sets: readonly Counted[],
  rows: readonly (readonly [title: string, spent: readonly (Spent | undefined)[]])[],
): string[] {
  const origin = (spent: Spent | undefined, set: number): string => {
    if (!spent) return '–';
    const times = cpuTimes(spent.times, (sets[set] as Counted)[1]);
    return `${figure(times[times.length >> 1] as number)} / ${figure(mean(times))}`;
  };
  return table(
    [
      'method',
      ...sets.map(([set]) => `${set} set: CPU ms an origin, median / mean`),
      'CPU µs a step: update and forecasts',
      'µs a step: training',
    ],
    rows.map(([title, spent]) => {
      const costs = spent.flatMap((each) => (each?.cost === undefined ? [] : [JSON.parse(readFileSync(each.cost, 'utf8')) as Cost]));
      const steps = sum(costs, ({ steps }) => steps);
      const perStep = (ms: number): string => (costs.length === 0 ? '–' : String(Math.round((1_000 * ms) / steps)));
      const training = sum(costs, ({ trainingMs }) => trainingMs);
      return [title, ...spent.map(origin), perStep(sum(costs, ({ cpuMs }) => cpuMs) - training), perStep(training)];
    }),
  );
}

function sum<T>(list: readonly T[], of: (each: T) => number): number {
  return list.reduce((total, each) => total + of(each), 0);
}

function figure(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : String(Math.round(ms));
}
