import { AuspexError } from '@auspex/contracts';
import { createEngine, MemoryMeter } from '@auspex/core';
import { catalogue } from '@auspex/preset';
import type { Command } from 'commander';
import { destination, pino } from 'pino';
import type { Io } from '../io.ts';
import { findConfig, loadConfig } from '../load-config.ts';

interface Flags {
  readonly config?: string;
  readonly mode: string;
  readonly decide: string;
  readonly logLevel: string;
  readonly json?: boolean;
}

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
      .option('--log-level <level>', 'debug, info, warn or error', 'info')
      .option('--json', 'a summary as JSON on stdout at the end')
      .action(async (flags: Flags) => run(flags, io));
}

async function run(flags: Flags, io: Io): Promise<void> {
  if (flags.mode !== 'shadow' && flags.mode !== 'live')
    throw new AuspexError('SUPPORT', `"${flags.mode}" is no mode`, { path: '--mode', remedy: 'Use shadow or live.' });
  if (flags.decide === 'all' && flags.mode === 'live') {
    throw new AuspexError('SUPPORT', 'past steps are never actuated', { path: '--decide', remedy: 'Use --decide all with --mode shadow.' });
  }
  const config = await loadConfig(findConfig(io.cwd, flags.config));
  const meter = new MemoryMeter();
  const logger = pino({ level: flags.logLevel, base: null }, destination({ dest: 2, sync: true }));
  await using engine = createEngine(config, {
    mode: flags.mode,
    catalogue,
    host: { logger, meter },
    ...(flags.decide === 'all' ? { decideFrom: Number.NEGATIVE_INFINITY } : {}),
  });
  await engine.start();
  const stop = (): void => engine.stop();
  io.signal.addEventListener('abort', stop, { once: true });
  logger.info({ mode: flags.mode, config: engine.configHash }, 'running');
  try {
    if (!io.signal.aborted) await engine.run();
  } finally {
    io.signal.removeEventListener('abort', stop);
  }
  const counts = engine.counts();
  logger.info(counts, io.signal.aborted ? 'stopped: everything is checkpointed' : 'the sources have ended');
  if (flags.json) io.out(`${JSON.stringify({ ...counts, groups: engine.groups().length, metrics: Object.fromEntries(meter.values) })}\n`);
}
