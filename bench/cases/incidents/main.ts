// Incidents in made worlds, through the engine: how many does its rule `anomaly` find, and how many alerts are about none?
//
//   npm run bench -- incidents [--seeds 4] [--from 1] [--pools 3] [--calm] [--above S] [--predictors seasonal] [--tell]
//
// A world is a few pools of a minute's step: two weeks of history, two with an incident of each of nine kinds a pool at times of their own. The engine is the real one in
// replay mode, forecasts included; detector and rule are the defaults. `--calm`: nothing goes wrong. Seeds are `report-N`; others were used to choose.
// An incident is found where the alert begins between its begin and its end; an alert that begins at any other time is a false one.
import { parseArgs } from 'node:util';
import { combined } from '../../../packages/alerts/src/detect/index.ts';
import { use } from '../../../packages/contracts/src/index.ts';
import { score, text } from './score.ts';
import { type Played, playWorld } from './world.ts';

const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '4' },
    from: { type: 'string', default: '1' },
    prefix: { type: 'string', default: 'report' },
    pools: { type: 'string', default: '3' },
    calm: { type: 'boolean', default: false },
    above: { type: 'string' },
    predictors: { type: 'string', default: 'seasonal' },
    tell: { type: 'boolean', default: false },
  },
});
const [first, count] = [Number(flags.from), Number(flags.seeds)];
const played: Played[] = [];
for (let n = first; n < first + count; n++) {
  const options = {
    seed: `${flags.prefix}-${n}`,
    pools: Number(flags.pools),
    history: 2,
    judged: 2,
    predictors: flags.predictors.split(','),
    incidents: !flags.calm,
    ...(flags.above !== undefined && { above: Number(flags.above) }),
  };
  played.push(...(await playWorld(options, [use(combined)])));
  if (process.stderr.isTTY) process.stderr.write(`\r${options.seed}`);
}
const result = score(played);
console.log(
  `${count} world${count === 1 ? '' : 's'} (${flags.prefix}-${first} to ${flags.prefix}-${first + count - 1}), ${played.length} pools, ${result.weeks} pool-weeks`,
);
console.log(text(result));
if (flags.tell)
  for (const { pool, at, summary, aftermath } of result.outside)
    console.log(`${new Date(at).toISOString()} ${pool}${aftermath ? ' (just after an incident)' : ''}: ${summary}`);
