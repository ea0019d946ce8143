// Capacity plans for request traces, as the engine's forecasting and its allocator `quantile` make them.
//
//   npm run bench -- plan --traces DIR --delay N --out plan.csv [--trace REGEX] [--jobs 2] [--predictors seasonal,boosted-trees] [--weights DIR]
//
// DIR holds one CSV a trace (t,rate: minutes, requests a minute; t < 0 is history) and world.json (by trace: capacity_per_replica_per_minute,
// usable_share, min, max, delay_minutes). Written is trace,policy,t,replicas: what is ordered at the start of minute t, knowing rates of
// minutes before t, for each price of a replica-hour short against an idle one. One configuration, the preset's predictors; the price is the
// only knob. --weights DIR keeps trainings there; it has to be emptied when the code changes.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runJobs } from '../accuracy/jobs.ts';
import { planFor } from './plan.ts';
import { readTraces } from './traces.ts';

const { values: flags } = parseArgs({
  options: {
    traces: { type: 'string' },
    delay: { type: 'string' },
    out: { type: 'string' },
    trace: { type: 'string', default: '.' },
    jobs: { type: 'string', default: '2' },
    predictors: { type: 'string' },
    weights: { type: 'string' },
  },
});

try {
  if (flags.traces === undefined || flags.delay === undefined || flags.out === undefined) {
    process.stderr.write('usage: npm run bench -- plan --traces DIR --delay MINUTES --out plan.csv; the head of main.ts has all flags\n');
    process.exitCode = 2;
  } else await main(flags.traces, Number(flags.delay), flags.out);
} catch (error) {
  process.stderr.write(`bench plan: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

async function main(folder: string, delay: number, out: string): Promise<void> {
  const traces = readTraces(folder, delay, new RegExp(flags.trace));
  if (traces.length > 1) {
    const self = fileURLToPath(import.meta.url);
    const rest = ['predictors', 'weights'].flatMap((name) => {
      const value = flags[name as 'predictors' | 'weights'];
      return value === undefined ? [] : [`--${name}`, value];
    });
    const parts = traces.map(({ name }) => {
      const makes = path.resolve(`${out}.${name}.part`);
      rmSync(makes, { force: true });
      const args = ['--traces', folder, '--delay', String(delay), '--out', makes, '--trace', `^${name}$`, ...rest];
      return { title: name, command: process.execPath, args: [...process.execArgv, self, ...args], makes };
    });
    await runJobs(parts, Math.max(1, Number(flags.jobs)));
    writeFileSync(out, `trace,policy,t,replicas\n${parts.map(({ makes }) => readFileSync(makes, 'utf8')).join('')}`);
    for (const { makes } of parts) rmSync(makes);
    return;
  }
  const [trace] = traces;
  if (!trace) throw new Error(`no trace of ${folder} is named like ${flags.trace}`);
  const begin = process.cpuUsage();
  const rows = await planFor(trace, flags.predictors?.split(','), flags.weights);
  const { user, system } = process.cpuUsage(begin);
  const body = rows.map(({ price, t, replicas }) => `${trace.name},${price},${t},${replicas}\n`).join('');
  // A part for the whole has no head.
  writeFileSync(out, out.endsWith('.part') ? body : `trace,policy,t,replicas\n${body}`);
  process.stderr.write(`${trace.name}: ${trace.rates.length} minutes, ${((user + system) / 1e6).toFixed(0)} s of CPU\n`);
}
