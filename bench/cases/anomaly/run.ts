import { createWriteStream, mkdirSync } from 'node:fs';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import type { Detector, SeriesInfo } from '../../../packages/contracts/src/index.ts';
import { type Row, rowsOf } from './rows.ts';

/** Rows from which the length of a step is learnt. Before so many no detector has anything to say, so that a file that ends earlier is scored alike. */
const FIRST = 20;
/** Rows scored between two looks at the clock. */
const BATCH = 1000;

/** What scoring took. */
export interface Cost {
  rows: number;
  /** CPU of scoring alone, microseconds. */
  micros: number;
}

/** Scores a file row by row as an engine without a forecast would, and writes `timestamp,value,anomaly_score`. */
export async function scoreFile(detector: Detector, from: string, to: string, name: string, cost: Cost): Promise<void> {
  mkdirSync(path.dirname(to), { recursive: true });
  const out = createWriteStream(to);
  out.write('timestamp,value,anomaly_score\n');
  let state: unknown;
  let held: Row[] = [];
  const flush = (): void => {
    if (held.length === 0) return;
    state ??= detector.begin(seriesOf(name, held.slice(0, FIRST)));
    const began = process.cpuUsage();
    const scores = held.map(({ at, value }) => scoreOf(detector, state, at, value));
    const { user, system } = process.cpuUsage(began);
    cost.rows += held.length;
    cost.micros += user + system;
    out.write(held.map(({ text }, index) => `${text},${scores[index]}\n`).join(''));
    held = [];
  };
  for await (const row of rowsOf(from)) {
    held.push(row);
    if (held.length === BATCH) flush();
  }
  flush();
  out.end();
  await finished(out);
}

function scoreOf(detector: Detector, state: unknown, step: number, value: number): number {
  const unknown = Number.isNaN(value);
  return detector.detect(state, { step, value: unknown ? 0 : value, truth: unknown ? 'missing' : 'observed' }, undefined).score;
}

function seriesOf(name: string, rows: readonly Row[]): SeriesInfo {
  const apart = rows.slice(1).map(({ at }, index) => at - (rows[index] as Row).at);
  const positive = apart.filter((ms) => ms > 0).sort((a, b) => a - b);
  const stepMs = positive[positive.length >> 1] ?? 60_000;
  return { id: `pool:${name}`, scope: 'pool', name, pop: '*', measure: 'requests', zone: 'UTC', stepMs };
}
