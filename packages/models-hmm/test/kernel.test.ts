import { spawnSync } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SeededRandom } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import { familyOf } from '../src/emissions/families.ts';
import { fit, type Model, sample } from '../src/index.ts';
import { expOfMinus, FARTHEST } from '../src/kernel/exponential.ts';
import { generate } from '../src/kernel/generate.ts';
import { gaussianLoops, latticeLoops } from '../src/kernel/loops.ts';
import { type Kernels, makeRoom } from '../src/kernel/passes.ts';
import { fillEmissions, rescueOf } from '../src/lattice.ts';

function chainOf(states: number): Model {
  const of = (make: (k: number) => number): Float64Array => Float64Array.from({ length: states }, (_, k) => make(k));
  return {
    states,
    start: of(() => 1 / states),
    transition: Float64Array.from({ length: states ** 2 }, (_, i) => (i % (states + 1) === 0 ? 0.9 : 0.1 / (states - 1))).map((p) =>
      states === 1 ? 1 : p,
    ),
    emission: { family: 'gaussian', dimensions: 1, means: of((k) => k - 1), variances: of((k) => 0.1 + 0.2 * k) },
  };
}

/** Everything that a kernel can make of a sequence. */
function outcome(kernels: Kernels, model: Model, values: Float64Array): Record<string, ArrayLike<number>> {
  const { states, start, transition, emission } = model;
  if (emission.family !== 'gaussian') throw new Error('normals only');
  const rows = values.length;
  const densities = familyOf(emission).densities(emission, states);
  const fused = makeRoom(rows, states);
  const [first, moves, statistics] = [new Float64Array(states), new Float64Array(states ** 2), new Float64Array(3 * states)];
  const log = kernels.gaussian.forward(
    values,
    rows,
    start,
    transition,
    emission.means,
    emission.variances,
    fused,
    rescueOf(model, densities, values, fused, false),
  );
  kernels.gaussian.backward(values, rows, transition, emission.means, fused, first, moves, statistics);
  const room = makeRoom(rows, states);
  const [latticeFirst, latticeMoves] = [new Float64Array(states), new Float64Array(states ** 2)];
  const taken = fillEmissions(densities, states, 1, values, room.emissions);
  const lattice = taken + kernels.lattice.forward(rows, start, transition, room, rescueOf(model, densities, values, room, true));
  kernels.lattice.backward(rows, transition, room, latticeFirst, latticeMoves);
  return { log: [log, lattice], first, moves, statistics, latticeFirst, latticeMoves, gamma: room.alphas };
}

function expectSame(a: ArrayLike<number>, b: ArrayLike<number>, name: string): void {
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    if (Math.abs(x - y) > 1e-11 * Math.max(1, Math.abs(y))) expect.fail(`${name}[${i}]: ${x}, not ${y}`);
  }
}

describe.each([1, 2, 3, 4, 5, 6, 7, 8])('generated for %i states', (states) => {
  const model = chainOf(states);
  const { values } = sample(model, 700, new SeededRandom(`kernel ${states}`)).sequence;
  for (let i = 0; i < 700; i += 13) values[i] = Number.NaN;
  // Rows that leave the range of a double.
  values[100] = 500;
  values[101] = -1e6;
  values[699] = 90;

  it('gives what loops give', () => {
    const written = outcome(generate(states), model, values);
    const looped = outcome({ lattice: latticeLoops(states), gaussian: gaussianLoops(states) }, model, values);
    for (const [name, numbers] of Object.entries(written)) expectSame(numbers, looped[name] as ArrayLike<number>, name);
  });

  it('gives the same of normals inside the passes and of emissions filled before', () => {
    const { log, first, latticeFirst, moves, latticeMoves, gamma, statistics } = outcome(generate(states), model, values);
    expectSame([log?.[0] as number], [log?.[1] as number], 'log');
    expectSame(first as ArrayLike<number>, latticeFirst as ArrayLike<number>, 'first');
    expectSame(moves as ArrayLike<number>, latticeMoves as ArrayLike<number>, 'moves');
    const visits = Array.from({ length: states }, (_, k) =>
      values.reduce((sum, x, t) => sum + (Number.isNaN(x) ? 0 : (gamma?.[t * states + k] as number)), 0),
    );
    expectSame(
      visits.map((_, k) => statistics?.[3 * k] as number),
      visits,
      'visits',
    );
  });
});

it('more states than are written out', () => {
  const model = chainOf(12);
  const { sequence } = sample(model, 300, new SeededRandom(1));
  const { history } = fit<'gaussian'>([sequence], {
    from: model as Model<Extract<Model['emission'], { family: 'gaussian' }>>,
    maxIterations: 5,
  });
  for (let i = 1; i < history.length; i++) expect(history[i] as number).toBeGreaterThanOrEqual((history[i - 1] as number) - 1e-9);
});

it('exp without a call is right to the last digits', () => {
  const random = new SeededRandom('exp');
  for (let i = 0; i < 20_000; i++) {
    const y = random.next() ** 4 * FARTHEST;
    const off = expOfMinus(y) / Math.exp(-y) - 1;
    if (Math.abs(off) > 1e-14) expect.fail(`exp(-${y}) is off by ${off}`);
  }
  expect(expOfMinus(0)).toBe(1);
  expect(expOfMinus(FARTHEST) / Math.exp(-FARTHEST)).toBeCloseTo(1, 12);
});

/** Runs a program on the sources in a process of its own; it prints JSON. */
function child(flags: readonly string[], program: string): unknown {
  const index = pathToFileURL(fileURLToPath(new URL('../src/index.ts', import.meta.url))).href;
  const models = new URL('support/models.ts', import.meta.url).href;
  const code = `import { fit, sample, logLikelihood } from '${index}';\nimport { MODELS, gaussian } from '${models}';\n${program}`;
  const args = [...flags, '--import', 'tsx', '--conditions=source', '--input-type=module', '--eval', code];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return JSON.parse(stdout);
}

const VALUES = 'const values = Float64Array.from({ length: 400 }, (_, i) => Math.sin(i) + (i % 100 > 60 ? 2 : 0));';

it('works where compiling text is forbidden', () => {
  const program = `${VALUES} console.log(JSON.stringify([fit([{ values, dimensions: 1 }], { from: gaussian, maxIterations: 10, tolerance: -1 }).history, (() => { try { return new Function('return 1')(); } catch { return 0; } })()]));`;
  const [free, may] = child([], program) as [number[], number];
  const [bound, mayNot] = child(['--disallow-code-generation-from-strings'], program) as [number[], number];
  expect([may, mayNot]).toEqual([1, 0]);
  expectSame(bound, free, 'history');
});

it('an iteration takes no memory that grows with the sequence', () => {
  // Grown by the young generation's own count: what was allocated, collected or not.
  const program = `
const next = (() => { let a = 1; return () => (a = (a * 16807) % 2147483647) / 2147483647; })();
const random = { next, fork: () => random };
const grown = {};
for (const [name, model] of MODELS) {
  const { sequence } = sample(model, 10000, random);
  const used = [];
  fit([sequence], { from: model, maxIterations: 60, tolerance: -Infinity, monitor: () => used.push(process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers) });
  const steps = used.slice(41).map((bytes, i) => bytes - used[40 + i]).sort((a, b) => a - b);
  grown[name] = steps[steps.length >> 1];
}
console.log(JSON.stringify(grown));`;
  const grown = child(['--max-semi-space-size=64', '--min-semi-space-size=64'], program) as Record<string, number>;
  expect(Object.keys(grown)).toHaveLength(9);
  // One number for each of the 10,000 steps would be 80,000 bytes and more.
  for (const [name, bytes] of Object.entries(grown)) expect(bytes, name).toBeLessThan(40_000);
});
