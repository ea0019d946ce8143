// Attack or audience? How well the detector `audience` tells them apart.
//
//   npm run bench -- audience --logs DIR [--attacks 300] [--crowds 140] [--seed 2] [--to docs/audience.md] [--weights FILE] [--json] [--develop]
//
// DIR holds nasa_19950801_clf.log and semicomplete_2015_combined.log; what is not there is left out. Attacks and most audiences are generated
// (attacks.ts, crowds.ts) and laid over the logs. `--attacks` are of each family, `--crowds` of each kind. `--weights` writes the fitted weights
// into the package's weights.ts. `--develop` looks at the first half of the logs and at other seeds alone: for whoever changes the detector.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { evaluate } from './evaluate.ts';
import { playLog } from './play.ts';
import { figuresOf, page, type Run, weightsSource } from './report.ts';
import { readWorlds } from './world.ts';

const { values: flags } = parseArgs({
  options: {
    logs: { type: 'string' },
    attacks: { type: 'string', default: '300' },
    crowds: { type: 'string', default: '140' },
    seed: { type: 'string', default: '2' },
    to: { type: 'string' },
    weights: { type: 'string' },
    json: { type: 'boolean', default: false },
    develop: { type: 'boolean', default: false },
  },
});
if (flags.logs === undefined) {
  process.stderr.write('usage: npm run bench -- audience --logs DIR; the head of main.ts has all flags\n');
  process.exit(2);
}
const { worlds, absent } = readWorlds(flags.logs);
if (absent.length > 0) process.stderr.write(`not in the folder of logs, so left out: ${absent.join(', ')}\n`);
if (worlds.length === 0) {
  process.stderr.write('skipped: no log to lay anything over\n');
  process.exit(0);
}
const played = worlds.map(playLog);
const { attacks, crowds, seed, develop } = flags;
const figures = evaluate(played, { attacks: Number(attacks), crowds: Number(crowds), seed, develop });
const run: Run = {
  ...figures,
  command: `npm run bench -- audience --logs DIR --attacks ${attacks} --crowds ${crowds} --seed ${seed}${develop ? ' --develop' : ''}`,
  logs: worlds.map(({ name }) => name),
  // A dressed log has the surges of the bare one.
  own: played.filter(({ world }) => !world.signIns).flatMap(({ own }) => own),
};
process.stdout.write(flags.json ? `${JSON.stringify(run)}\n` : `${figuresOf(run)}\n`);
if (flags.to !== undefined) writeFileSync(flags.to, page(run));
if (flags.weights !== undefined) {
  const before = readFileSync(flags.weights, 'utf8');
  writeFileSync(flags.weights, before.slice(0, before.indexOf('export const WEIGHTS')) + weightsSource(run));
}
