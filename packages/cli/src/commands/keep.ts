import type { Logger } from '@auspex/contracts';
import { parseConfig, WallClock } from '@auspex/core';
import { catalogue } from '@auspex/preset';
import type { Command } from 'commander';
import { Ended, EXIT } from '../exit.ts';
import type { Io } from '../io.ts';
import { type Kept, keepOnce, keptPools, type Round } from '../keeper.ts';
import { findConfig, loadConfig } from '../load-config.ts';
import { LEVELS, makeLogger } from '../log.ts';
import { instant } from '../text.ts';
import { durationOf, oneOf } from '../values.ts';

interface Flags {
  readonly config?: string;
  readonly every: string;
  readonly once?: boolean;
  readonly logLevel: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ auspex keep                 beside a live engine, under a supervisor of its own
  $ auspex keep --once --json   one look, for a cron job
`;

export function keepCommand(io: Io): (command: Command) => Command {
  return (command) =>
    command
      .command('keep')
      .summary('bring back what was there before a floor that nobody renews any more')
      .description(
        'The lease keeper: looks at every pool whose actuator declares lease: keeper, and where a floor has run out because the engine is silent, sets what was there before it. Reads no source and no store, and orders nothing. Run it apart from the engine.',
      )
      .option('--config <file>', 'config file, that of the engine (default: auspex.config.* in this folder)')
      .option('--every <time>', 'how often it looks', '5s')
      .option('--once', 'look once and end; with 1 when a pool could not be looked at')
      .option('--log-level <level>', LEVELS.join(', '), 'info')
      .option('--json', 'each thing brought back as a JSON line on stdout')
      .addHelpText('after', EXAMPLES)
      .action((flags: Flags) => keep(flags, io));
}

async function keep(flags: Flags, io: Io): Promise<void> {
  const every = durationOf(flags.every, '--every', 1);
  const logger = makeLogger(oneOf(flags.logLevel, '--log-level', LEVELS), io);
  const config = parseConfig(await loadConfig(findConfig(io.cwd, flags.config)), catalogue);
  const kept = keptPools(config, logger, io.signal);
  try {
    if (kept.length === 0) logger.warn({}, 'no pool of this config has an actuator with lease: keeper: there is nothing to keep');
    else logger.info({ pools: kept.map(({ pool }) => pool), every: flags.every }, 'keeping');
    if (flags.once) {
      const { failed } = tell(await keepOnce(kept, io.signal), logger, flags, io);
      if (failed.length > 0) throw new Ended(EXIT.failure);
    } else await keepOn(kept, every, logger, flags, io);
  } finally {
    await Promise.allSettled(kept.map(({ actuator }) => actuator.close?.()));
  }
}

async function keepOn(kept: readonly Kept[], every: number, logger: Logger, flags: Flags, io: Io): Promise<void> {
  const clock = new WallClock();
  while (!io.signal.aborted) {
    const round = await keepOnce(kept, io.signal);
    if (io.signal.aborted) break;
    tell(round, logger, flags, io);
    await clock.sleep(every, io.signal).catch(() => undefined);
  }
  logger.info({}, 'stopped: floors that run out from now on stay until a keeper runs again');
}

function tell(round: Round, logger: Logger, flags: Flags, io: Io): Round {
  for (const { pool, plugin, error } of round.failed) logger.warn({ pool, plugin, error }, 'cannot be looked at: tried again');
  for (const restored of round.restored) {
    const { pool, plugin, from, units, expired } = restored;
    logger.warn({ pool, plugin, from, units, expired: instant(expired) }, 'the floor has run out: the original is back');
    if (flags.json) io.out(`${JSON.stringify(restored)}\n`);
  }
  return round;
}
