// Scores series of `timestamp,value` with the default detector, in the layout that the Numenta Anomaly Benchmark's scorers read.
//
//   npm run bench -- anomaly --data DIR --out DIR [--nab DIR]
//   npm run bench -- anomaly --cost
//
// DIR/<category>/<file>.csv is read row by row; <out>/<category>/<file>.csv gets `timestamp,value,anomaly_score`. Times without a zone are UTC. A row's score
// uses nothing after it. `--nab` is a folder with labels/combined_windows.json and profiles.json: the score of its files is printed too.
// `--cost` reads nothing, and says what a step costs where forecast and usage are known, as in an engine.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { combined } from '../../../packages/alerts/src/detect/index.ts';
import { fakeContext } from '../../../packages/testkit/src/index.ts';
import { costText } from './cost.ts';
import { nabScores, nabText } from './nab.ts';
import { type Cost, scoreFile } from './run.ts';

const { values: flags } = parseArgs({
  options: { data: { type: 'string' }, out: { type: 'string' }, nab: { type: 'string' }, cost: { type: 'boolean', default: false } },
});
if (flags.cost) {
  console.log(costText());
  process.exit();
}
const stop = (text: string): never => {
  process.stderr.write(`${text}\n`);
  process.exit(2);
};
const data =
  flags.data ?? stop('usage: npm run bench -- anomaly --data DIR --out DIR [--nab DIR], or --cost; the head of main.ts says more');
const out = flags.out ?? stop('give --out DIR, a folder for the scores');
if (!existsSync(data)) stop(`there is no folder ${data}`);
const files = readdirSync(data, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.csv'))
  .sort();
if (files.length === 0) stop(`there is no .csv in ${data}: it must hold <category>/<file>.csv`);
if (path.resolve(data) === path.resolve(out)) stop('--out is --data: the scores would replace what they are of');
const detector = combined.create(combined.config.parse({}), fakeContext());
const cost: Cost = { rows: 0, micros: 0 };
try {
  for (const file of files) await scoreFile(detector, path.join(data, file), path.join(out, file), file, cost);
} catch (error) {
  stop((error as Error).message);
}
console.log(`${cost.rows} rows of ${files.length} files, ${(cost.micros / cost.rows).toFixed(1)} us of CPU a row`);
if (flags.nab !== undefined) console.log(nabText(nabScores(out, flags.nab)));
