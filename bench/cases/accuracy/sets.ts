import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type EvalSeries, readSet } from '../forecast/set.ts';
import { writeWideSet } from '../forecast/wide.ts';

/** An evaluation set: its folder, and the folder of its peers' files. */
export interface EvalSet {
  readonly name: 'open' | 'wide';
  readonly folder: string;
  readonly peers: string;
}

/** Series of a set that share a table. */
export interface Part {
  readonly title: string;
  readonly set: EvalSet;
  readonly series: readonly EvalSeries[];
  /** What the series are of: those of one source are drawn together in a bootstrap. */
  readonly sourceOf: (series: string) => string;
  /** Series that are left out together where settings are chosen. */
  readonly leftOutWith: (series: string) => string;
}

/** Packages that a forecast is made by. */
const MADE_BY = ['contracts', 'core', 'models-hmm', 'models-rnn', 'models-seasonal', 'numerics', 'preset'];

/** Sources of the evaluation set that are sources of the wide set too. */
const SHARED_SOURCES: Readonly<Record<string, string>> = { bike: 'capital_bikeshare', twitter: 'nab_realTweets', wiki: 'wikipedia' };

/**
 * The evaluation set, and the wide set written anew into `keep`. Peers of the first are those of `peers`, where there is such a folder.
 * @throws Error where there is no data
 */
export function evalSets(data: string, peers: string, keep: string): readonly EvalSet[] {
  const folder = path.join(data, 'eval');
  if (!existsSync(path.join(folder, 'series.csv')))
    throw new Error(`${data} has no eval/series.csv: --data names the folder of the open data`);
  const wide = path.join(keep, 'wide');
  writeWideSet(data, wide);
  return [
    { name: 'open', folder, peers: existsSync(peers) ? peers : path.join(keep, 'peers-open') },
    { name: 'wide', folder: wide, peers: path.join(keep, 'peers') },
  ];
}

/** The tables' parts of the sets; parts without a series of that name are left out. @throws Error where none is left */
export function partsOf([open, wide]: readonly EvalSet[], named: RegExp): readonly Part[] {
  if (!open || !wide) return [];
  const all = readSet(open.folder);
  const entries = JSON.parse(readFileSync(path.join(wide.folder, 'series.json'), 'utf8')) as { series: string; source: string }[];
  const sources = new Map(entries.map(({ series, source }) => [series, source]));
  const isM4 = ({ name }: EvalSeries): boolean => name.startsWith('m4_');
  const openSource = (series: string): string => {
    const prefix = series.replace(/_.*/, '');
    return SHARED_SOURCES[prefix] ?? prefix;
  };
  const wideSource = (series: string): string => sources.get(series) ?? series;
  const parts: readonly Part[] = [
    {
      title: 'Series of use',
      set: open,
      series: all.filter((series) => !isM4(series)),
      sourceOf: openSource,
      leftOutWith: openSource,
    },
    // Whose they are is not told: each is drawn by itself, but where settings are chosen all of them are one source.
    { title: 'M4, hourly', set: open, series: all.filter(isM4), sourceOf: (series) => series, leftOutWith: () => 'm4' },
    { title: 'Wide set', set: wide, series: readSet(wide.folder), sourceOf: wideSource, leftOutWith: wideSource },
  ];
  const chosen = parts
    .map((part) => ({ ...part, series: part.series.filter(({ name }) => named.test(name)) }))
    .filter(({ series }) => series.length > 0);
  if (chosen.length === 0) throw new Error(`no series is named like ${named.source}`);
  return chosen;
}

/**
 * Holds what is kept to what is asked: says on stderr when the forecasts are of other sources than these.
 * @throws Error where the kept results are of another set, or of other series of it
 */
export function checkKept(keep: string, sets: readonly EvalSet[], packages: string, series: string): void {
  const data = createHash('sha256').update(series);
  for (const { folder } of sets) for (const file of ['series.csv', 'origins.csv']) data.update(readFileSync(path.join(folder, file)));
  const code = createHash('sha256');
  for (const name of MADE_BY) {
    const folder = path.join(packages, name, 'src');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    for (const file of files.sort()) code.update(file).update(readFileSync(path.join(folder, file)));
  }
  const now = { data: data.digest('hex'), code: code.digest('hex') };
  const file = path.join(keep, 'made-of.json');
  if (!existsSync(file)) {
    writeFileSync(file, `${JSON.stringify(now, null, 2)}\n`);
    return;
  }
  const then = JSON.parse(readFileSync(file, 'utf8')) as typeof now;
  if (then.data !== now.data) throw new Error(`${keep} has results of other series: name another folder with --keep`);
  if (then.code !== now.code)
    process.stderr.write(
      `The packages have changed since ${keep} was begun: delete it, but for peers/, to have forecasts of the present ones\n`,
    );
}
