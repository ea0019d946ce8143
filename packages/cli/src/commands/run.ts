import { AuspexError } from '@auspex/contracts';
import {
  type AuspexConfig,
  createEngine,
  createShardedEngine,
  type Engine,
  type EngineCounts,
  isShared,
  type Logger,
  MemoryMeter,
  parseConfig,
} from '@auspex/core';
import { catalogue } from '@auspex/preset';
import type { Command } from 'commander';
import { isAuspexError } from '../exit.ts';
import type { Io } from '../io.ts';
import { findConfig, loadConfig } from '../load-config.ts';
import { LEVELS, makeLogger } from '../log.ts';
import { oneOf, wrongUse } from '../values.ts';

interface Flags {
  readonly config?: string;
  readonly mode: string;
  readonly decide: string;
  readonly logLevel: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ auspex run --mode shadow --decide all
  $ auspex run --config staging.yaml --mode live
`;

export function runCommand(io: Io): (command: Command) => Command {
  return (command) =>
    command
      .command('run')
      .summary('run the engine')
      .description(
        'Runs the engine until its sources end or Ctrl-C. In shadow mode (the default) it decides and journals, and touches nothing.',
      )
      .option('--config <file>', 'config file (default: auspex.config.* in this folder)')
      .option('--mode <mode>', 'shadow or live', 'shadow')
      .option('--decide <which>', 'recent: decide once caught up with the present; all: for past steps too (shadow only)', 'recent')
      .option('--log-level <level>', LEVELS.join(', '), 'info')
      .option('--json', 'a summary as JSON on stdout at the end')
      .addHelpText('after', EXAMPLES)
      .action(async (flags: Flags) => run(flags, io));
}

async function run(flags: Flags, io: Io): Promise<void> {
  const mode = oneOf(flags.mode, '--mode', ['shadow', 'live'] as const);
  const decide = oneOf(flags.decide, '--decide', ['recent', 'all'] as const);
  if (decide === 'all' && mode === 'live')
    throw wrongUse('--decide', 'past steps are never actuated', 'Use --decide all with --mode shadow.');
  const logger = makeLogger(oneOf(flags.logLevel, '--log-level', LEVELS), io);
  const config = await loadConfig(findConfig(io.cwd, flags.config));
  const meter = new MemoryMeter();
  if (isShared(parseConfig(config, catalogue))) return runShared(config, mode, logger, meter, flags, io);
  let decisions = 0;
  await using engine = createEngine(config, {
    mode,
    catalogue,
    host: { logger, meter },
    ...(decide === 'all' ? { decideFrom: Number.NEGATIVE_INFINITY } : {}),
  });
  engine.hooks.decided.tap('cli', () => {
    decisions++;
  });
  await start(engine, config);
  const stop = (): void => engine.stop();
  io.signal.addEventListener('abort', stop, { once: true });
  logger.info({ mode, config: engine.configHash }, 'running');
  try {
    if (!io.signal.aborted) await engine.run();
  } finally {
    io.signal.removeEventListener('abort', stop);
  }
  const counts = engine.counts();
  const { length: groups } = engine.groups();
  // Before the last line is written: it says that everything is on the disk.
  await engine.close();
  logger.info({ ...counts, decisions }, io.signal.aborted ? 'stopped: everything is checkpointed' : 'the sources have ended');
  if (flags.json) io.out(`${JSON.stringify({ ...counts, decisions, groups, metrics: Object.fromEntries(meter.values) })}\n`);
  else io.err(`next: ${hint(counts, decisions, decide, config, flags)}\n`);
}

/** One instance of several that share a source: it learns what its partitions say. */
async function runShared(
  config: AuspexConfig,
  mode: 'shadow' | 'live',
  logger: Logger,
  meter: MemoryMeter,
  flags: Flags,
  io: Io,
): Promise<void> {
  await using engine = createShardedEngine(config, { mode, catalogue, host: { logger, meter } });
  await engine.start();
  const stop = (): void => engine.stop();
  io.signal.addEventListener('abort', stop, { once: true });
  logger.info({ mode }, 'taking part in the sharing');
  try {
    if (!io.signal.aborted) await engine.run();
  } finally {
    io.signal.removeEventListener('abort', stop);
  }
  await engine.close();
  logger.info({}, 'stopped: every shard is checkpointed and released');
  if (flags.json) io.out(`${JSON.stringify({ metrics: Object.fromEntries(meter.values) })}\n`);
}

/** A lease that is taken names its holder, but not the store. */
async function start(engine: Engine, config: AuspexConfig): Promise<void> {
  try {
    await engine.start();
  } catch (error) {
    if (!isAuspexError(error) || error.code !== 'STORE_LOCKED' || error.path !== undefined) throw error;
    throw new AuspexError(error.code, error.message, { path: storePath(config), cause: error, remedy: error.remedy });
  }
}

function hint({ steps }: EngineCounts, decisions: number, decide: 'recent' | 'all', config: AuspexConfig, flags: Flags): string {
  const named = flags.config === undefined ? '' : ` --config ${flags.config}`;
  // A step is closed once: what was learnt without a decision is not decided later.
  const anew = `--decide all on an empty store (now ${storePath(config)})`;
  if (decisions > 0) return `auspex explain${named}, or auspex profile${named}`;
  if (steps > 0 && decide === 'recent')
    return `auspex profile${named}; all steps lie in the past, so none was decided: ${anew} decides them`;
  if (steps === 0) return `no step has closed since the last run; closed ones are not decided again, except by ${anew}`;
  return `auspex profile${named}`;
}

function storePath(config: AuspexConfig): string {
  return ((config.store.with ?? {}) as { path?: string }).path ?? 'the store of the config';
}
