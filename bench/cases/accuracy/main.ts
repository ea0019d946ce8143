// Writes docs/accuracy.md: the default ensemble, each predictor alone and the ensemble without it, beside other programs.
//
//   npm run bench -- accuracy [--keep DIR] [--python PATH] [--jobs N] [--data DIR] [--peers DIR] [--to FILE]
//       [--only default,context,seasonal,without-seasonal,...,tuning] [--series REGEX] [--context-predictors id,id|default]
//
// Forecasts are made by `bench -- forecast`, each in a process of its own, and kept in --keep (default: a new folder): what is there is
// not made again. Peers of the evaluation set are read from --peers; those of the wide set, and of both where --peers is no folder, are
// run by --python (or AUSPEX_PEERS_PYTHON), a Python that has requirements.txt. So many processes as --jobs says run at once: times are
// truest with one.
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readForecasts, type Scores, scoreSet } from '../forecast/score.ts';
import { type Job, runJobs } from './jobs.ts';
import { type Method, methods } from './methods.ts';
import { type Peers, peerJobs, peersOf } from './peers.ts';
import { costPage, partPage } from './report.ts';
import { checkKept, type EvalSet, evalSets, type Part, partsOf } from './sets.ts';
import { SHIPPED, TUNING, tuningPage } from './tuning.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: path.join(root, '../shared/data') },
    peers: { type: 'string', default: path.join(root, '../shared/scoring/peers') },
    python: { type: 'string', default: process.env['AUSPEX_PEERS_PYTHON'] ?? '' },
    keep: { type: 'string' },
    only: { type: 'string' },
    series: { type: 'string', default: '.' },
    'context-predictors': { type: 'string', default: 'seasonal,hmm-regime' },
    jobs: { type: 'string', default: '1' },
    to: { type: 'string', default: path.join(root, 'docs/accuracy.md') },
  },
});
const keep = path.resolve(flags.keep ?? mkdtempSync(path.join(tmpdir(), 'auspex-accuracy-')));
const jobs = Number(flags.jobs);

try {
  await write();
} catch (error) {
  process.stderr.write(`bench accuracy: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

async function write(): Promise<void> {
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error(`--jobs ${flags.jobs}: expected a whole number from 1`);
  const known = methods(flags['context-predictors']);
  const keys = [...known.map(({ key }) => key), 'tuning'];
  const strange = flags.only?.split(',').find((key) => !keys.includes(key));
  if (strange !== undefined) throw new Error(`--only: there is no "${strange}"; there are ${keys.join(', ')}`);
  const rows = known.filter(({ key }) => isWanted(key));
  const tried = isWanted('tuning') ? TUNING : [];
  mkdirSync(path.join(keep, 'forecasts'), { recursive: true });
  const sets = evalSets(flags.data, flags.peers, keep);
  const parts = partsOf(sets, new RegExp(flags.series));
  checkKept(keep, sets, path.join(root, 'packages'), flags.series);
  const used = sets.filter((set) => parts.some((part) => part.set === set));

  // Peers first, since a file of theirs that is broken should not be found after an hour.
  await runJobs(
    used.flatMap((set) => peerJobs(set, keep, flags.python, flags.series)),
    jobs,
  );
  const peers = new Map(used.map((set) => [set, peersOf(set)]));
  const runs = new Map([...rows, ...(tried.length > 0 ? [SHIPPED] : []), ...tried].map((method) => [method.key, method]));
  await runJobs(
    [...runs.values()].flatMap((method) => used.map((set) => forecastJob(method, set))),
    jobs,
  );

  const scoresOf = (method: Method, { set, series }: Part): Scores => scoreSet(series, readForecasts(`${kept(method, set)}.csv`));
  const page = [text('head.md'), ''];
  if (flags.only !== undefined || flags.series !== '.')
    page.push(`**Not the whole**: \`--only ${flags.only ?? 'all'} --series '${flags.series}'\`.`, '');
  for (const part of parts) page.push(...partPage(part, rows, peers.get(part.set) as Peers, scoresOf));
  if (tried.length > 0) {
    const all = parts.map((part) => ({
      title: part.title,
      shipped: scoresOf(SHIPPED, part),
      settings: tried.map((method) => scoresOf(method, part)),
      naive: scoreSet(part.series, (peers.get(part.set) as Peers).naive),
      sourceOf: part.leftOutWith,
    }));
    page.push('## What was tuned', '', text('tuning.md'), '', ...tuningPage(all));
  }
  page.push(
    '## Cost',
    '',
    text('cost.md'),
    '',
    `Of ours: ${cpus().length} cores (${cpus()[0]?.model.trim()}), Node ${process.versions.node}.`,
    '',
  );
  page.push(...costPage(rows, parts, peers, kept));
  writeFileSync(flags.to, `${page.join('\n').trimEnd()}\n`);
  process.stderr.write(`${path.resolve(flags.to)} is written; what it is made of is in ${keep}\n`);
}

function isWanted(key: string): boolean {
  return flags.only === undefined || flags.only.split(',').includes(key);
}

function text(file: string): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8').trimEnd();
}

/** Where the forecasts of a method are kept, without an ending. */
function kept({ key }: Method, set: EvalSet): string {
  return path.join(keep, 'forecasts', `${set.name}-${key}`);
}

function forecastJob(method: Method, set: EvalSet): Job {
  const file = kept(method, set);
  const script = path.join(root, 'bench/cases/forecast/main.ts');
  return {
    title: `${set.name}, ${method.title}`,
    command: process.execPath,
    args: [
      ...process.execArgv,
      script,
      ...['--eval', set.folder, '--series', flags.series, '--out', `${file}.csv`, '--times', `${file}.times.csv`, '--cost', `${file}.json`],
      ...['--weights', path.join(keep, 'weights')],
      ...(method.predictors ? ['--predictors', method.predictors.join()] : []),
      ...(method.with ? ['--with', method.with] : []),
      ...(method.context ? ['--context'] : []),
    ],
    makes: `${file}.json`,
  };
}
