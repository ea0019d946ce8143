// Forecasts of an evaluation set, as the engine's cycle makes them, in the scorer's format.
//
//   npm run bench -- forecast --eval DIR --out FILE.csv [--times FILE.csv] [--cost FILE.json] [--series REGEX]
//       [--predictors seasonal,hmm-regime] [--with 'seasonal={"halfLife":"7d"}'] [--context]
//   npm run bench -- forecast --wide DIR      writes a second evaluation set from other open data
//
// DIR holds series.csv (series,index,timestamp,value) and origins.csv (series,origin,step_seconds,...). Written are
// series,origin,step,quantile,value for steps 1 to 24 and the quantiles 0.1 to 0.9 and 0.95, and series,origin,wall_ms,cpu_ms.
// A series is replayed once, from its start; with --context each origin that has more before it than the set's column `context` says is
// forecast by a fresh engine, which is shown the last `context` steps before it and nothing else: what a peer is shown.
// --weights DIR keeps trainings there, which several sets of predictors share; it has to be emptied when the code changes.
import { closeSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Forecast } from '../../../packages/contracts/src/index.ts';
import { preset } from '../../../packages/preset/src/index.ts';
import { type Cost, type Predictors, quantileAt, replay } from './replay.ts';
import { type EvalSeries, readSet } from './set.ts';
import { writeWideSet } from './wide.ts';

const QUANTILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
const { values: flags } = parseArgs({
  options: {
    eval: { type: 'string' },
    out: { type: 'string' },
    times: { type: 'string' },
    cost: { type: 'string' },
    weights: { type: 'string' },
    predictors: { type: 'string' },
    with: { type: 'string', multiple: true, default: [] },
    context: { type: 'boolean', default: false },
    series: { type: 'string', default: '.' },
    wide: { type: 'string' },
    data: { type: 'string', default: fileURLToPath(new URL('../../../../shared/data', import.meta.url)) },
  },
});
try {
  if (flags.wide !== undefined) {
    const { series, sources } = writeWideSet(flags.data, flags.wide);
    process.stderr.write(`${series} series of ${sources} sources in ${path.resolve(flags.wide)}\n`);
  } else if (flags.eval === undefined || flags.out === undefined) {
    process.stderr.write(
      'usage: npm run bench -- forecast --eval DIR --out FILE.csv [--predictors id,id]; the head of main.ts has all flags\n',
    );
    process.exitCode = 2;
  } else await write(flags.eval, flags.out);
} catch (error) {
  process.stderr.write(`bench forecast: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

/** The preset's predictors of a pool's total, or those of --predictors, with the options of --with. */
function predictors(): Predictors {
  const known = (preset({ sources: [], pools: [] }).predictors ?? []).map((use) => ({
    id: typeof use.use === 'string' ? use.use : use.use.id,
    use,
  }));
  const ids = flags.predictors?.split(',') ?? known.filter(({ use }) => use.for !== 'groups').map(({ id }) => id);
  const options = new Map(flags.with.map((text) => optionsOf(text, ids)));
  return ids.map((id) => {
    const use = known.find((each) => each.id === id)?.use ?? { use: id };
    return options.has(id) ? { ...use, with: options.get(id) } : use;
  }) as Predictors;
}

/** `id={"option":1}`. @throws Error where it is not that, or of a predictor that is not used */
function optionsOf(text: string, ids: readonly string[]): readonly [id: string, options: unknown] {
  const at = text.indexOf('=');
  const id = text.slice(0, Math.max(0, at));
  if (!ids.includes(id)) throw new Error(`--with ${text}: expected ID={"option":value} of one of ${ids.join(', ')}`);
  try {
    return [id, JSON.parse(text.slice(at + 1))];
  } catch (cause) {
    throw new Error(`--with ${text}: what follows = is no JSON`, { cause });
  }
}

/** Parts of a series that are replayed each by itself, and how many steps of the series come before each. */
function partsOf(series: EvalSeries): readonly { readonly part: EvalSeries; readonly from: number }[] {
  if (!flags.context) return [{ part: series, from: 0 }];
  const early = series.origins.filter((origin) => origin <= series.context);
  const late = series.origins.filter((origin) => origin > series.context);
  const whole = early.length > 0 ? [{ part: { ...series, origins: early }, from: 0 }] : [];
  return whole.concat(
    late.map((origin) => {
      const from = origin - series.context;
      const [start, values] = [series.start + from * series.stepMs, series.values.subarray(from)];
      return { part: { ...series, start, values, origins: [series.context] }, from };
    }),
  );
}

function csv(series: string, origin: number, forecast: Forecast): string {
  const lines: string[] = [];
  for (let row = 0; row < forecast.horizon.length; row++) {
    for (const level of QUANTILES) {
      const value = Number(quantileAt(forecast, row, level).toPrecision(9));
      lines.push(`${series},${origin},${forecast.horizon[row]},${level},${value}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

async function write(folder: string, to: string): Promise<void> {
  const chosen = new RegExp(flags.series);
  const set = readSet(folder).filter(({ name }) => chosen.test(name));
  if (set.length === 0) throw new Error(`no series of ${folder} is named like ${flags.series}`);
  const used = predictors();
  const cost: Cost = { steps: 0, cpuMs: 0, trainingMs: 0 };
  const times = ['series,origin,wall_ms,cpu_ms'];
  const file = openSync(`${to}.part`, 'w');
  writeSync(file, 'series,origin,step,quantile,value\n');
  for (const [n, series] of set.entries()) {
    if (process.stderr.isTTY) process.stderr.write(`\r${n + 1} of ${set.length} ${series.name.padEnd(48)}`);
    for (const { part, from } of partsOf(series)) {
      const before = { ...cost };
      const wall = performance.now();
      await replay(part, used, cost, (origin, forecast) => writeSync(file, csv(series.name, from + origin, forecast)), flags.weights);
      // What one origin costs is what all steps before it cost: the state is learnt online.
      const [spent, took] = [(cost.cpuMs - before.cpuMs) / part.origins.length, (performance.now() - wall) / part.origins.length];
      for (const origin of part.origins) times.push(`${series.name},${from + origin},${took.toFixed(2)},${spent.toFixed(2)}`);
    }
  }
  closeSync(file);
  renameSync(`${to}.part`, to);
  if (flags.times !== undefined) writeFileSync(flags.times, `${times.join('\n')}\n`);
  if (flags.cost !== undefined) writeFileSync(flags.cost, `${JSON.stringify(cost)}\n`);
  const perStep = (ms: number): string => `${((1_000 * ms) / cost.steps).toFixed(1)} µs`;
  process.stderr.write(
    `${process.stderr.isTTY ? '\n' : ''}${set.length} series, ${cost.steps} steps: ${perStep(cost.cpuMs - cost.trainingMs)} of CPU a step, all 24 steps ahead, and ${perStep(cost.trainingMs)} a step of training\n`,
  );
}
