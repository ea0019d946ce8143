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
  type Meter,
  parseConfig,
  WallClock,
} from '@auspex/core';
import { catalogue } from '@auspex/preset';
import type { Command } from 'commander';
import { isAuspexError } from '../exit.ts';
import type { Io } from '../io.ts';
import { poolsToKeep } from '../keeper.ts';
import { bothMeters, LISTEN, listen } from '../listen.ts';
import { findConfig, loadConfig } from '../load-config.ts';
import { LEVELS, makeLogger } from '../log.ts';
import { Readiness } from '../readiness.ts';
import { oneOf, wrongUse } from '../values.ts';

interface Flags {
  readonly config?: string;
  readonly mode: string;
  readonly decide: string;
  readonly listen?: string;
  readonly logLevel: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ auspex run --mode shadow --decide all
  $ auspex run --config staging.yaml --mode live --listen 9464
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
      .option('--listen <address>', LISTEN)
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
  const resolved = parseConfig(config, catalogue);
  const clock = new WallClock();
  const readiness = new Readiness(resolved.settings, () => clock.now());
  const listening = flags.listen === undefined ? undefined : await listen(flags.listen, () => readiness.why());
  if (listening) logger.info({ url: listening.url }, 'listening');
  const kept = mode === 'live' ? poolsToKeep(resolved) : [];
  if (kept.length > 0) logger.info({ pools: kept }, 'floors of these pools are ended by auspex keep: it has to run beside this');
  const memory = new MemoryMeter();
  const running: Running = { mode, decide, logger, memory, meter: bothMeters(memory, listening?.meter), readiness };
  try {
    await (isShared(resolved) ? runShared : runAlone)(config, running, flags, io);
  } catch (error) {
    // Whoever collects the log sees why it ends; the words for people come after it.
    const { message, code, path } = error as Partial<AuspexError>;
    if (!io.tty && !io.signal.aborted) logger.error({ code, path }, `ended: ${message}`);
    throw error;
  } finally {
    await listening?.close();
  }
}

/** What a run is done with. */
interface Running {
  readonly mode: 'shadow' | 'live';
  readonly decide: 'recent' | 'all';
  readonly logger: Logger;
  /** What `--json` prints at the end. */
  readonly memory: MemoryMeter;
  readonly meter: Meter;
  readonly readiness: Readiness;
}

async function runAlone(config: AuspexConfig, running: Running, flags: Flags, io: Io): Promise<void> {
  const { mode, decide, logger, memory, meter, readiness } = running;
  let decisions = 0;
  await using engine = createEngine(config, {
    mode,
    catalogue,
    host: { logger, meter },
    ...(decide === 'all' ? { decideFrom: Number.NEGATIVE_INFINITY } : {}),
  });
  engine.hooks.decided.tap('cli', ({ step }) => {
    decisions++;
    readiness.decided(step);
  });
  await start(engine, config);
  logger.info({ mode, config: engine.configHash }, 'running');
  readiness.enter('running');
  await untilStopped(engine, readiness, io);
  const counts = engine.counts();
  const { length: groups } = engine.groups();
  // Before the last line is written: it says that everything is on the disk.
  await engine.close();
  logger.info({ ...counts, decisions }, io.signal.aborted ? 'stopped: everything is checkpointed' : 'the sources have ended');
  if (flags.json) io.out(`${JSON.stringify({ ...counts, decisions, groups, metrics: Object.fromEntries(memory.values) })}\n`);
  else io.err(`next: ${hint(counts, decisions, decide, config, flags)}\n`);
}

/** One instance of several that share a source: it learns what its partitions say. */
async function runShared(config: AuspexConfig, running: Running, flags: Flags, io: Io): Promise<void> {
  const { mode, logger, memory, meter, readiness } = running;
  await using engine = createShardedEngine(config, { mode, catalogue, host: { logger, meter } });
  await engine.start();
  logger.info({ mode }, 'taking part in the sharing');
  readiness.enter('sharing');
  await untilStopped(engine, readiness, io);
  await engine.close();
  logger.info({}, 'stopped: every shard is checkpointed and released');
  if (flags.json) io.out(`${JSON.stringify({ metrics: Object.fromEntries(memory.values) })}\n`);
}

/** Runs until the sources end, or whoever started the command stops it. */
async function untilStopped(engine: Pick<Engine, 'run' | 'stop'>, readiness: Readiness, io: Io): Promise<void> {
  const stop = (): void => {
    readiness.enter('stopping');
    engine.stop();
  };
  io.signal.addEventListener('abort', stop, { once: true });
  try {
    if (!io.signal.aborted) await engine.run();
  } finally {
    io.signal.removeEventListener('abort', stop);
  }
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
