// CPU seconds of Baum-Welch here and in hmmlearn 0.3.3 (implementation="scaling"): the same data, the same start, 20 iterations.
//
//   npm run -s bench -- hmm [--python venv/bin/python] [--pairs 5] [--steps 100000] [--states 3,4,6]
//
// `requirements.txt` beside this file says what Python needs; AUSPEX_PYTHON names it too. The two sides take turns, each fit in a process of its own after a
// fit of two iterations that warms it up. Fails where the median of the pairs' ratios is above 1.1, or where the numbers differ. Without hmmlearn only
// our own figures are printed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Model, sample } from '../../../packages/models-hmm/src/index.ts';
import { SeededRandom } from '../../../packages/numerics/src/index.ts';
import type { Outcome, Task } from './fit.ts';

const { values: flags } = parseArgs({
  options: {
    python: { type: 'string', default: process.env['AUSPEX_PYTHON'] ?? 'python3' },
    pairs: { type: 'string', default: '5' },
    steps: { type: 'string', default: '100000' },
    states: { type: 'string', default: '3,4,6' },
  },
});
const ITERATIONS = 20;
const MOST_RATIO = 1.1;
/** Relative, of log-likelihoods; of parameters, where above 1, relative too. */
const SAME_LOG = 1e-8;
const SAME_PARAMETER = 1e-6;

const here = path.dirname(fileURLToPath(import.meta.url));

/** Levels that overlap, of unlike spread, which last 33 steps on average. */
function truth(states: number): Model {
  const of = (make: (k: number) => number): Float64Array => Float64Array.from({ length: states }, (_, k) => make(k));
  return {
    states,
    start: of(() => 1 / states),
    transition: Float64Array.from({ length: states ** 2 }, (_, i) => (i % (states + 1) === 0 ? 0.97 : 0.03 / (states - 1))),
    emission: { family: 'gaussian', dimensions: 1, means: of((k) => 0.5 * k), variances: of((k) => [0.04, 0.3, 0.1][k % 3] as number) },
  };
}

function prepare(folder: string, states: number): void {
  const { values } = sample(truth(states), Number(flags.steps), new SeededRandom(`hmm ${states}`)).sequence;
  writeFileSync(path.join(folder, 'values.f64'), values);
  const sorted = values.toSorted();
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  const each = Array.from({ length: states }, (_, k) => k);
  const task: Task = {
    start: each.map(() => 1 / states),
    transition: each.flatMap((i) => each.map((j) => (i === j ? 0.8 : 0.2 / (states - 1)))),
    means: each.map((k) => sorted[Math.floor(((k + 0.5) * sorted.length) / states)] as number),
    variances: each.map(() => variance),
    iterations: ITERATIONS,
  };
  writeFileSync(path.join(folder, 'start.json'), JSON.stringify(task));
}

function run(command: string, args: readonly string[]): Outcome {
  // One thread: the work is too small for more, and those that wait spin.
  const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env, maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`${command} failed: ${error ?? stderr}`);
  return JSON.parse(stdout) as Outcome;
}

const ours = (folder: string): Outcome =>
  run(process.execPath, ['--expose-gc', '--import', 'tsx', '--conditions=source', path.join(here, 'fit.ts'), folder]);
const theirs = (folder: string): Outcome => run(flags.python, [path.join(here, 'fit.py'), folder]);

/** The version of hmmlearn, or why there is none. */
function hmmlearn(): { version?: string; why: string } {
  const { status, stdout, stderr, error } = spawnSync(flags.python, ['-c', 'import hmmlearn; print(hmmlearn.__version__)'], {
    encoding: 'utf8',
  });
  return status === 0 ? { version: stdout.trim(), why: '' } : { why: error?.message ?? (stderr.trim().split('\n').at(-1) as string) };
}

function apart(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return Math.max(...b.map((value, i) => Math.abs((a[i] as number) - value) / Math.max(1, Math.abs(value))));
}

const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);
const median = (values: readonly number[]): number => {
  const all = sorted(values);
  return 0.5 * ((all[(all.length - 1) >> 1] as number) + (all[all.length >> 1] as number));
};
const span = (values: readonly number[], digits: number): string =>
  `${median(values).toFixed(digits)} (${(sorted(values)[0] as number).toFixed(digits)} - ${(sorted(values).at(-1) as number).toFixed(digits)})`;

const { version, why } = hmmlearn();
console.log(
  `Baum-Welch, 1-D normals, ${flags.steps} steps, ${ITERATIONS} iterations; CPU s, median of ${flags.pairs} (least - most); Node ${process.versions.node}`,
);
if (!version)
  console.log(
    `no hmmlearn (${why}): only our own figures. pip install -r bench/cases/hmm/requirements.txt, then --python or AUSPEX_PYTHON`,
  );
console.log(
  version
    ? `states  models-hmm              hmmlearn ${version.padEnd(14)} ratio                   log-likelihood  parameters  heap growth`
    : 'states  models-hmm              heap growth',
);
let failed = false;
for (const states of flags.states.split(',').map(Number)) {
  const folder = mkdtempSync(path.join(tmpdir(), 'auspex-hmm-'));
  try {
    prepare(folder, states);
    const mine: Outcome[] = [];
    const other: Outcome[] = [];
    for (let pair = 0; pair < Number(flags.pairs); pair++) {
      if (version && pair % 2 === 0) other.push(theirs(folder));
      mine.push(ours(folder));
      if (version && pair % 2 === 1) other.push(theirs(folder));
    }
    const seconds = mine.map(({ cpu }) => cpu);
    const grown = `${Math.max(...mine.map((outcome) => outcome.grown ?? 0))} B`;
    const line = `${String(states).padEnd(6)}  ${span(seconds, 3).padEnd(22)}`;
    if (!version) {
      console.log(`${line}  ${grown}`);
      continue;
    }
    const ratios = mine.map(({ cpu }, i) => cpu / (other[i] as Outcome).cpu);
    const logs = Math.max(...mine.map((outcome, i) => apart(outcome.history, (other[i] as Outcome).history)));
    const parameters = Math.max(...mine.map((outcome, i) => apart(outcome.parameters, (other[i] as Outcome).parameters)));
    const bad = median(ratios) > MOST_RATIO || logs > SAME_LOG || parameters > SAME_PARAMETER;
    failed ||= bad;
    const cells = [
      span(
        other.map(({ cpu }) => cpu),
        3,
      ).padEnd(22),
      span(ratios, 2).padEnd(22),
      logs.toExponential(1).padEnd(14),
    ];
    console.log(`${line}  ${cells.join('  ')}  ${parameters.toExponential(1).padEnd(10)}  ${grown}${bad ? '  FAILED' : ''}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
if (failed) {
  console.error(
    `failed: a median ratio above ${MOST_RATIO}, log-likelihoods further apart than ${SAME_LOG} or parameters than ${SAME_PARAMETER}`,
  );
  process.exitCode = 1;
}
