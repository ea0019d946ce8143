// Training time of the recurrent network on each backend, against TensorFlow's fused kernels used by hand.
//
//   npm run bench -- rnn [--rounds 3] [--cells lstm,gru] [--own] [--wasm]
//
// --own: also pass without @tensorflow/tfjs-node, with the own backend alone. --wasm: that backend, too (slow).
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chooseBackend } from '../../../packages/models-rnn/src/backends/choose.ts';
import { EPOCHS, HIDDEN, INPUTS, LENGTH, LEVELS, ROWS, WINDOWS } from './data.ts';
import type { Figures } from './figures.ts';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    cells: { type: 'string', default: 'lstm,gru' },
    own: { type: 'boolean', default: false },
    wasm: { type: 'boolean', default: false },
  },
});
/** Most CPU seconds of the own backend on the LSTM, and of the native backend as a multiple of the reference. */
const OWN_LIMIT = 4.5;
const RATIO_LIMIT = 1.3;
/** Loss of the last epoch that Keras and PyTorch reach on the LSTM, and tfjs-layers' GRU on the GRU; and how far off a backend may be. */
const LOSS = { lstm: 0.1348, gru: 0.1254 };
const LOSS_LIMIT = 1e-3;

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** One run in a process of its own, so that none inherits another's compiled code or threads. */
function run(file: string, ...args: string[]): Figures {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const all = ['--import', 'tsx', '--conditions=source', path, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} failed:\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Figures;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
const failures: string[] = [];

const { backend, skipped } = await chooseBackend('auto');
const native = backend.name === 'tensorflow';
backend.close();
for (const { reason } of skipped) {
  console.log(`native backend left out: ${reason}`);
  if (!flags.own) failures.push('the native backend was not measured; --own passes without it');
}

const rounds = Number(flags.rounds);
console.log(
  `${HIDDEN} cells, ${LENGTH} x ${INPUTS} window, ${LEVELS.length} quantiles, batch ${ROWS}, ${WINDOWS} windows, ${EPOCHS} epochs; ` +
    `Node ${process.version}; ${rounds} rounds, taking turns: median (least - most)`,
);
for (const cell of flags.cells.split(',') as ('lstm' | 'gru')[]) {
  const runs: Readonly<Record<string, () => Figures>> = {
    own: () => run('run.ts', 'own', cell),
    ...(native && { tensorflow: () => run('run.ts', 'tensorflow', cell), reference: () => run('reference.ts', cell) }),
    ...(flags.wasm && { wasm: () => run('run.ts', 'wasm', cell) }),
  };
  const seen = new Map(Object.keys(runs).map((name) => [name, [] as Figures[]]));
  for (let round = 0; round < rounds; round++) for (const [name, once] of Object.entries(runs)) seen.get(name)?.push(once());

  console.log(`\n${cell.padEnd(10)}  train CPU s             loss      predict 1,000   load      memory`);
  const cpu = new Map<string, number>();
  for (const [name, figures] of seen) {
    const seconds = figures.map(({ cpuS }) => cpuS);
    const { loss, version } = figures[0] as Figures;
    cpu.set(name, median(seconds));
    const [least, most] = [Math.min(...seconds).toFixed(2), Math.max(...seconds).toFixed(2)];
    const parts = [
      name.padEnd(10),
      `${median(seconds).toFixed(2)} (${least} - ${most})`.padEnd(22),
      loss.toFixed(6),
      `${median(figures.map(({ predictMs }) => predictMs)).toFixed(0)} ms`.padStart(11),
      `${median(figures.map(({ loadMs }) => loadMs)).toFixed(0)} ms`.padStart(9),
      `${median(figures.map(({ rssMb }) => rssMb)).toFixed(0)} MB`.padStart(8),
      ` ${version}`,
    ];
    console.log(parts.join('  '));
    const off = Math.abs(loss - LOSS[cell]);
    if (!(off <= LOSS_LIMIT)) failures.push(`${cell}: ${name} ends at a loss of ${loss.toFixed(4)}, not ${LOSS[cell]}`);
  }
  const ownCpu = cpu.get('own') as number;
  if (cell === 'lstm' && ownCpu > OWN_LIMIT) failures.push(`lstm: own took ${ownCpu.toFixed(2)} CPU s, more than ${OWN_LIMIT}`);
  if (native) {
    const ratio = (cpu.get('tensorflow') as number) / (cpu.get('reference') as number);
    console.log(`tensorflow / reference ${ratio.toFixed(2)}, own / tensorflow ${(ownCpu / (cpu.get('tensorflow') as number)).toFixed(1)}`);
    if (ratio > RATIO_LIMIT) failures.push(`${cell}: tensorflow took ${ratio.toFixed(2)} times the reference, more than ${RATIO_LIMIT}`);
  }
}
for (const failure of failures) console.error(`FAILED: ${failure}`);
if (failures.length > 0) process.exitCode = 1;
