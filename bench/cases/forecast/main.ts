// Forecasts of an evaluation set, as the engine's cycle makes them, in the scorer's format.
//
//   npm run bench -- forecast --eval DIR --out FILE.csv [--times FILE.csv] [--predictors seasonal,hmm] [--series REGEX]
//   npm run bench -- forecast --wide DIR      writes a second evaluation set from other open data
//
// DIR holds series.csv (series,index,timestamp,value) and origins.csv (series,origin,step_seconds,...). Written are
// series,origin,step,quantile,value for steps 1 to 24 and the quantiles 0.1 to 0.9 and 0.95, and series,origin,wall_ms,cpu_ms.
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Cost, type Predictors, quantileAt, replay } from './replay.ts';
import { readSet } from './set.ts';
import { writeWideSet } from './wide.ts';

const QUANTILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
const { values: flags } = parseArgs({
  options: {
    eval: { type: 'string' },
    out: { type: 'string' },
    times: { type: 'string' },
    predictors: { type: 'string' },
    series: { type: 'string', default: '.' },
    wide: { type: 'string' },
    data: { type: 'string', default: fileURLToPath(new URL('../../../../shared/data', import.meta.url)) },
  },
});
if (flags.wide !== undefined) {
  const { series, sources } = writeWideSet(flags.data, flags.wide);
  process.stderr.write(`${series} series of ${sources} sources in ${path.resolve(flags.wide)}\n`);
} else if (flags.eval === undefined || flags.out === undefined) {
  process.stderr.write('usage: npm run bench -- forecast --eval DIR --out FILE.csv [--times FILE.csv] [--predictors id,id]\n');
  process.exitCode = 2;
} else await write(flags.eval, flags.out);

async function write(folder: string, to: string): Promise<void> {
  const chosen = new RegExp(flags.series);
  const set = readSet(folder).filter(({ name }) => chosen.test(name));
  const predictors = flags.predictors?.split(',').map((id) => ({ use: id })) as Predictors | undefined;
  const cost: Cost = { steps: 0, cpuMs: 0, trainingMs: 0 };
  const times = ['series,origin,wall_ms,cpu_ms'];
  const file = openSync(to, 'w');
  writeSync(file, 'series,origin,step,quantile,value\n');
  for (const [n, series] of set.entries()) {
    if (process.stderr.isTTY) process.stderr.write(`\r${n + 1} of ${set.length} ${series.name.padEnd(40)}`);
    const before = { ...cost };
    const wall = performance.now();
    await replay(series, predictors, cost, (origin, forecast) => {
      const lines: string[] = [];
      for (let row = 0; row < forecast.horizon.length; row++) {
        for (const level of QUANTILES) {
          const value = Number(quantileAt(forecast, row, level).toPrecision(9));
          lines.push(`${series.name},${origin},${forecast.horizon[row]},${level},${value}`);
        }
      }
      writeSync(file, `${lines.join('\n')}\n`);
    });
    // What one origin costs is what all steps before it cost: the state is learnt online.
    const [spent, took] = [(cost.cpuMs - before.cpuMs) / series.origins.length, (performance.now() - wall) / series.origins.length];
    for (const origin of series.origins) times.push(`${series.name},${origin},${took.toFixed(2)},${spent.toFixed(2)}`);
  }
  closeSync(file);
  if (flags.times !== undefined) writeFileSync(flags.times, `${times.join('\n')}\n`);
  const perStep = (ms: number): string => `${((1_000 * ms) / cost.steps).toFixed(1)} µs`;
  process.stderr.write(
    `\n${set.length} series, ${cost.steps} steps: ${perStep(cost.cpuMs - cost.trainingMs)} of CPU a step, all 24 steps ahead, and ${perStep(cost.trainingMs)} a step of training\n`,
  );
}
