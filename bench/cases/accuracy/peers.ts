import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Forecasts, naiveForecasts, readForecasts } from '../forecast/score.ts';
import { readSet } from '../forecast/set.ts';
import type { Job } from './jobs.ts';
import type { EvalSet } from './sets.ts';

/** What peers.py can run. */
const RUNNABLE = ['snaive_day', 'snaive_week', 'prophet', 'mstl', 'autotheta'];

/** Methods by the names of their files. */
const TITLES: Readonly<Record<string, string>> = {
  autotheta: 'AutoTheta (statsforecast)',
  fracast: 'fracast (pretrained)',
  hw_opt: 'Holt-Winters, optimised (statsmodels)',
  hw_phpa: 'Holt-Winters of Predictive HPA',
  lightgbm: 'LightGBM, direct quantiles',
  mstl: 'MSTL (statsforecast)',
  prophet: 'Prophet',
  snaive_day: 'seasonal naive, day',
  snaive_week: 'seasonal naive, week',
};

export interface Peer {
  readonly title: string;
  readonly forecasts: Forecasts;
  /** Its file of times; none where it was made here. */
  readonly times?: string;
}

export interface Peers {
  readonly all: readonly Peer[];
  /** The seasonal naive of a day: what relative figures are relative to. */
  readonly naive: Forecasts;
  /** Titles of those that could have been run, and were not. */
  readonly missing: readonly string[];
}

/** Runs of peers.py for the files that are not there; a folder of files that others made is left as it is. */
export function peerJobs(set: EvalSet, keep: string, python: string, series: string): Job[] {
  if (python === '' || !set.peers.startsWith(keep)) return [];
  const script = fileURLToPath(new URL('./peers.py', import.meta.url));
  return RUNNABLE.map((method) => ({
    title: `${set.name}, ${method}`,
    command: python,
    args: [script, method, set.folder, set.peers, '--series', series],
    makes: path.join(set.peers, `${method}.csv.gz`),
  }));
}

/** All peers of a set. Seasonal naives that no file gives are made here. @throws Error naming a file that is broken or empty */
export function peersOf(set: EvalSet): Peers {
  const found = existsSync(set.peers) ? readdirSync(set.peers).filter((file) => file.endsWith('.csv.gz')) : [];
  const names = found.map((file) => file.replace('.csv.gz', '')).sort();
  const all: Peer[] = names.map((name) => {
    const times = path.join(set.peers, `${name}.times.csv`);
    const forecasts = readForecasts(path.join(set.peers, `${name}.csv.gz`));
    return { title: titleOf(name), forecasts, ...(existsSync(times) ? { times } : {}) };
  });
  const series = readSet(set.folder);
  for (const [name, days] of [
    ['snaive_day', 1],
    ['snaive_week', 7],
  ] as const) {
    if (!names.includes(name)) all.push({ title: titleOf(name), forecasts: naiveForecasts(series, days) });
  }
  const naive = all.find(({ title }) => title === titleOf('snaive_day'))?.forecasts as Forecasts;
  const missing = RUNNABLE.filter((name) => !names.includes(name) && !name.startsWith('snaive')).map(titleOf);
  return { all, naive, missing };
}

function titleOf(name: string): string {
  return TITLES[name] ?? name;
}
