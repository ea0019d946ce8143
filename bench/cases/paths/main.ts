// Sample paths: do they belong together as the series does, and does the most that a window needs stay below its quantiles as often as they say?
//
//   npm run bench -- paths [--eval DIR] [--predictors seasonal,hmm-regime] [--every STEPS] [--series REGEX]
//
// Energy score (Gneiting & Raftery 2007) over steps 1 to 12 and 1 to 24 of the paths, relative to the same draws with each step shuffled
// by itself (independent) and to draws that keep their rank from step to step (comonotone). Below 1 is better than that. And, for windows
// of steps, how often the outcome's maximum was below the quantiles of the paths' maxima, beside the maximum of the steps' own quantiles.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LEVELS } from '../../../packages/contracts/src/index.ts';
import { PATHS } from '../../../packages/core/src/forecasting/paths.ts';
import { pathMaxima, quantileSorted, SeededRandom } from '../../../packages/numerics/src/index.ts';
import { type Predictors, replay } from '../forecast/replay.ts';
import { readSet } from '../forecast/set.ts';
import { comonotone, energyScore, independent } from './score.ts';

const { values: flags } = parseArgs({
  options: {
    eval: { type: 'string', default: fileURLToPath(new URL('../../../../shared/data/eval', import.meta.url)) },
    predictors: { type: 'string', default: 'seasonal,hmm-regime' },
    series: { type: 'string', default: '.' },
    every: { type: 'string', default: '7' },
  },
});
const WINDOWS = [
  [1, 12],
  [4, 6],
  [13, 24],
  [1, 24],
] as const;
const SPANS = [12, 24] as const;
const SHOWN = [0.1, 0.5, 0.9, 0.95, 0.99];
const predictors = flags.predictors.split(',').map((id) => ({ use: id })) as Predictors;
const chosen = new RegExp(flags.series);
const every = Number(flags.every);
const logs = { independent: SPANS.map(() => [] as number[]), comonotone: SPANS.map(() => [] as number[]) };
const below = WINDOWS.map(() => new Float64Array(SHOWN.length));
const belowSteps = WINDOWS.map(() => new Float64Array(SHOWN.length));
let windows = 0;
let milliseconds = 0;
if (!existsSync(flags.eval)) {
  process.stderr.write(`no evaluation set in ${flags.eval}: give --eval DIR, a folder as \`bench -- forecast --wide DIR\` writes it\n`);
  process.exit(2);
}
const all = readSet(flags.eval);
const wanted = all.filter(({ name }) => chosen.test(name));
if (wanted.length === 0) {
  process.stderr.write(`no series matches ${flags.series}; there are ${all.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}
for (const series of wanted) {
  const scores = SPANS.map(() => ({ ours: 0, independent: 0, comonotone: 0 }));
  // From the first scored origin on, every so many steps: windows overlap, so they are evidence of a rate, not independent draws.
  const first = Math.min(...series.origins);
  const origins: number[] = [];
  for (let origin = first; origin + 24 <= series.values.length; origin += every) origins.push(origin);
  const random = new SeededRandom(series.name);
  await replay({ ...series, origins }, predictors, { steps: 0, cpuMs: 0, trainingMs: 0 }, (origin, forecast, draw) => {
    const began = performance.now();
    const paths = draw();
    milliseconds += performance.now() - began;
    const outcome = series.values.subarray(origin, origin + 24);
    const [apart, together] = [independent(paths, random), comonotone(paths)];
    for (const [n, span] of SPANS.entries()) {
      const score = scores[n] as (typeof scores)[number];
      score.ours += energyScore(paths, outcome, span);
      score.independent += energyScore(apart, outcome, span);
      score.comonotone += energyScore(together, outcome, span);
    }
    windows++;
    for (const [n, [from, to]] of WINDOWS.entries()) {
      const most = Math.max(...outcome.subarray(from - 1, to));
      const maxima = pathMaxima(paths.rates, paths.horizon, from, to);
      for (const [i, level] of SHOWN.entries()) {
        if (most <= quantileSorted(maxima, level)) (below[n] as Float64Array)[i] = ((below[n] as Float64Array)[i] as number) + 1;
        const column = LEVELS.indexOf(level);
        let steps = 0;
        for (let row = from - 1; row < to; row++) steps = Math.max(steps, forecast.quantiles[row * LEVELS.length + column] as number);
        if (most <= steps) (belowSteps[n] as Float64Array)[i] = ((belowSteps[n] as Float64Array)[i] as number) + 1;
      }
    }
  });
  for (const [n, score] of scores.entries()) {
    if (score.independent > 0) logs.independent[n]?.push(Math.log(score.ours / score.independent));
    if (score.comonotone > 0) logs.comonotone[n]?.push(Math.log(score.ours / score.comonotone));
  }
  if (process.stderr.isTTY) process.stderr.write(`\r${series.name.padEnd(40)}`);
}
const mean = (values: readonly number[]): number => Math.exp(values.reduce((a, b) => a + b, 0) / values.length);
const share = (count: number | undefined): string => ((count ?? 0) / windows).toFixed(3);
console.log(
  `\n${windows} origins, ${logs.independent[0]?.length} series, ${(milliseconds / windows).toFixed(2)} ms a draw of ${PATHS} paths`,
);
for (const [n, span] of SPANS.entries()) {
  const [apart, together] = [logs.independent[n] ?? [], logs.comonotone[n] ?? []];
  const better = apart.filter((log) => log < 0).length;
  console.log(
    `energy score, steps 1-${span}: ${mean(apart).toFixed(3)} of independent (better on ${better} of ${apart.length}), ${mean(together).toFixed(3)} of comonotone`,
  );
}
console.log(`share of windows whose maximum is below the quantile   ${SHOWN.map((level) => `${level}`.padStart(6)).join('')}`);
for (const [n, [from, to]] of WINDOWS.entries()) {
  console.log(
    `  steps ${`${from}-${to}`.padEnd(6)} of the paths' maxima                   ${[...(below[n] ?? [])].map((c) => share(c).padStart(6)).join('')}`,
  );
  console.log(
    `  ${' '.repeat(12)} of the steps' own quantiles, their maximum${[...(belowSteps[n] ?? [])].map((c) => share(c).padStart(6)).join('')}`,
  );
}
