// Writes docs/accuracy.md: the default ensemble, each predictor alone and the ensemble without it, beside the peers' files.
//
//   npm run bench -- accuracy [--data DIR] [--peers DIR] [--keep DIR] [--only default,seasonal]
//
// Forecasts are made by `bench -- forecast`, each in a process of its own, and kept in --keep: what is there is not made again.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Forecasts, HORIZONS, interval, naiveForecasts, readForecasts, relative, scoreSeries } from '../forecast/score.ts';
import { type EvalSeries, readSet } from '../forecast/set.ts';
import { writeWideSet } from '../forecast/wide.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: path.join(root, '../shared/data') },
    peers: { type: 'string', default: path.join(root, '../shared/scoring/peers') },
    keep: { type: 'string', default: path.join(tmpdir(), 'auspex-accuracy') },
    only: { type: 'string' },
  },
});
/** Sets of predictors by the name of their row; undefined = the preset's. */
const METHODS: Readonly<Record<string, string | undefined>> = {
  default: undefined,
  seasonal: 'seasonal',
  hmm: 'hmm',
  rnn: 'rnn',
  'without hmm': 'seasonal,rnn',
  'without rnn': 'seasonal,hmm',
  'without seasonal': 'hmm,rnn',
};
const wanted = flags.only?.split(',') ?? Object.keys(METHODS);

interface Bench {
  readonly title: string;
  readonly folder: string;
  readonly series: readonly EvalSeries[];
  readonly sourceOf: (series: string) => string;
}

/** One table: rows of methods over the series of one set. */
function table(bench: Bench, rows: readonly (readonly [name: string, forecasts: Forecasts])[], naive: Forecasts): string[] {
  const lines = [
    `| method | relative WQL, steps ${HORIZONS.map((steps) => (steps === 1 ? '1' : `1–${steps}`)).join(' / ')} | at the quantile .95 | inside the 80 % interval, 1–12 |`,
    '| --- | --- | --- | --- |',
  ];
  for (const [name, forecasts] of rows) {
    const scored = bench.series.filter((series) => HORIZONS.every((steps) => scoreSeries(series, forecasts, steps)));
    if (scored.length === 0) continue;
    const cells = (key: 'wql' | 'wql95'): string =>
      HORIZONS.map((steps) =>
        three(
          relative(
            scored.map((series) => scoreSeries(series, forecasts, steps)?.[key] ?? 0),
            scored.map((series) => scoreSeries(series, naive, steps)?.[key] ?? 0),
          ),
        ),
      ).join(' / ');
    const cover = scored.reduce((sum, series) => sum + (scoreSeries(series, forecasts, 12)?.cover80 ?? 0), 0) / scored.length;
    const part = scored.length < bench.series.length ? ` (${scored.length} series)` : '';
    lines.push(`| ${name}${part} | ${cells('wql')} | ${cells('wql95')} | ${two(cover)} |`);
  }
  return lines;
}

/** Ours against each other method on steps 1 to 24: below 1 is a win. */
function duels(bench: Bench, ours: Forecasts, others: readonly (readonly [name: string, forecasts: Forecasts])[]): string[] {
  const lines = ['| against | loss, ours to theirs, steps 1–24 | 95 % interval |', '| --- | --- | --- |'];
  for (const [name, theirs] of others) {
    const both = bench.series.filter((series) => scoreSeries(series, ours, 24) && scoreSeries(series, theirs, 24));
    if (both.length === 0) continue;
    const mine = both.map((series) => scoreSeries(series, ours, 24)?.wql ?? 0);
    const other = both.map((series) => scoreSeries(series, theirs, 24)?.wql ?? 0);
    const [low, high] = interval(
      mine,
      other,
      both.map(({ name: series }) => bench.sourceOf(series)),
    );
    lines.push(`| ${name} | ${three(relative(mine, other))} | ${three(low)} to ${three(high)} |`);
  }
  return lines;
}

function three(value: number): string {
  return value.toFixed(3).replace(/^0/, '');
}

function two(value: number): string {
  return value.toFixed(2).replace(/^0/, '');
}

/** The forecasts of a method over the set in `folder`, made where they are not there yet; and what its process said of their cost. */
function forecastsOf(method: string, name: string, folder: string): { readonly forecasts: Forecasts; readonly said: string } {
  const file = path.join(flags.keep, `${name}-${method.replaceAll(' ', '-')}.csv`);
  const log = `${file}.txt`;
  if (!existsSync(log)) {
    process.stderr.write(`${name}, ${method} …\n`);
    const predictors = METHODS[method] === undefined ? [] : ['--predictors', METHODS[method] as string];
    const args = ['--import', 'tsx', '--conditions=source', 'bench/cases/forecast/main.ts', '--eval', folder, '--out', file, ...predictors];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    if (status !== 0) throw new Error(`bench forecast failed for ${method}: ${stderr}`);
    writeFileSync(log, stderr.trim());
  }
  return { forecasts: readForecasts(file), said: readFileSync(log, 'utf8').split('\n').at(-1) ?? '' };
}

mkdirSync(flags.keep, { recursive: true });
const open = path.join(flags.data, 'eval');
const wide = path.join(flags.keep, 'wide');
const counts = writeWideSet(flags.data, wide);
const sources = new Map(
  (JSON.parse(readFileSync(path.join(wide, 'series.json'), 'utf8')) as { series: string; source: string }[]).map(({ series, source }) => [
    series,
    source,
  ]),
);
const [all, others] = [readSet(open), readSet(wide)];
const isM4 = ({ name }: EvalSeries): boolean => name.startsWith('m4_');
const benches: readonly Bench[] = [
  {
    title: 'Eight series of use',
    folder: open,
    series: all.filter((series) => !isM4(series)),
    sourceOf: (series) => series.replace(/_.*/, ''),
  },
  { title: 'Twenty-five hourly series of M4', folder: open, series: all.filter(isM4), sourceOf: (series) => series },
  {
    title: `${counts.series} further series of ${counts.sources} sources`,
    folder: wide,
    series: others,
    sourceOf: (series) => sources.get(series) ?? series,
  },
];

const peers = existsSync(flags.peers)
  ? readdirSync(flags.peers)
      .filter((file) => file.endsWith('.csv.gz'))
      .map((file) => [file.replace('.csv.gz', ''), readForecasts(path.join(flags.peers, file))] as const)
  : [];
const page: string[] = [readFileSync(new URL('./head.md', import.meta.url), 'utf8').trimEnd(), ''];
const costs: string[] = [];
for (const [n, bench] of benches.entries()) {
  const name = bench.folder === open ? 'open' : 'wide';
  const ours = wanted.map((method) => [method, forecastsOf(method, name, bench.folder)] as const);
  const rows = ours.map(([method, { forecasts }]) => [method, forecasts] as const);
  const day = peers.find(([peer]) => peer === 'snaive_day')?.[1];
  const naive = bench.folder === open && day ? day : naiveForecasts(bench.series);
  const theirs =
    bench.folder === open
      ? peers
      : ([
          ['snaive_day', naive],
          ['snaive_week', naiveForecasts(bench.series, 7)],
        ] as const);
  page.push(`## ${bench.title}`, '', ...table(bench, [...rows, ...theirs], naive), '');
  const first = rows[0];
  if (first)
    page.push(
      `The default against the others, sources drawn with replacement:`,
      '',
      ...duels(bench, first[1], [...rows.slice(1), ...theirs]),
      '',
    );
  if (n === 0 || bench.folder === wide)
    costs.push(...ours.map(([method, { said }]) => `| ${name}, ${method} | ${said.replaceAll(/^.*?steps: /g, '')} |`));
}
page.push('## Cost', '', '| set, predictors | CPU of the replay of each series from its start |', '| --- | --- |', ...costs, '');
writeFileSync(path.join(root, 'docs/accuracy.md'), page.join('\n'));
