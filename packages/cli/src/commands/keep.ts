import type { Logger, Meter } from '@auspex/contracts';
import { MemoryMeter, parseConfig, WallClock } from '@auspex/core';
import { catalogue } from '@auspex/preset';
import type { Command } from 'commander';
import { Ended, EXIT } from '../exit.ts';
import type { Io } from '../io.ts';
import { type Kept, keepOnce, keptPools, type Round } from '../keeper.ts';
import { bothMeters, LISTEN, listen } from '../listen.ts';
import { findConfig, loadConfig } from '../load-config.ts';
import { LEVELS, makeLogger } from '../log.ts';
import { instant } from '../text.ts';
import { durationOf, oneOf, wrongUse } from '../values.ts';

interface Flags {
  readonly config?: string;
  readonly every: string;
  readonly once?: boolean;
  readonly listen?: string;
  readonly logLevel: string;
  readonly json?: boolean;
}

/** Originals that were brought back. */
const RESTORED = 'auspex_keeper_restored_total';
const FAILED = 'auspex_keeper_failed_total';

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
      .option('--listen <address>', LISTEN)
      .option('--log-level <level>', LEVELS.join(', '), 'info')
      .option('--json', 'each thing brought back as a JSON line on stdout')
      .addHelpText('after', EXAMPLES)
      .action((flags: Flags) => keep(flags, io));
}

async function keep(flags: Flags, io: Io): Promise<void> {
  const every = durationOf(flags.every, '--every', 1);
  const logger = makeLogger(oneOf(flags.logLevel, '--log-level', LEVELS), io);
  const config = parseConfig(await loadConfig(findConfig(io.cwd, flags.config)), catalogue);
  if (flags.once && flags.listen !== undefined) throw wrongUse('--listen', 'has no effect with --once', 'Leave one of them out.');
  const looked = { once: false };
  const listening = flags.listen === undefined ? undefined : await listen(flags.listen, () => (looked.once ? undefined : 'starting'));
  if (listening) logger.info({ url: listening.url }, 'listening');
  const meter = bothMeters(new MemoryMeter(), listening?.meter);
  try {
    await keepPools(keptPools(config, { logger, meter, signal: io.signal }), every, looked, {
      logger,
      meter,
      flags,
      io,
      standing: new Map(),
    });
  } finally {
    await listening?.close();
  }
}

async function keepPools(kept: readonly Kept[], every: number, looked: { once: boolean }, telling: Telling): Promise<void> {
  const { logger, meter, flags, io } = telling;
  const told = (round: Round): Round => {
    looked.once = true;
    return tell(round, telling);
  };
  // A counter that begins with its first count hides that one from whoever looks at its increase.
  for (const { pool, plugin } of kept) for (const counter of [RESTORED, FAILED]) meter.count(counter, 0, { pool, plugin });
  try {
    if (kept.length === 0) logger.warn({}, 'no pool of this config has an actuator with lease: keeper: there is nothing to keep');
    else
      logger.info(
        { pools: kept.map(({ pool }) => pool), ...(flags.once ? {} : { every: flags.every }), in: io.cwd },
        flags.once ? 'looking once' : 'keeping',
      );
    if (flags.once) {
      const { failed } = told(await keepOnce(kept, io.signal));
      if (failed.length > 0) throw new Ended(EXIT.failure);
    } else await keepOn(kept, every, told, logger, io);
  } finally {
    await Promise.allSettled(kept.map(({ actuator }) => actuator.close?.()));
  }
}

async function keepOn(kept: readonly Kept[], every: number, told: (round: Round) => Round, logger: Logger, io: Io): Promise<void> {
  const clock = new WallClock();
  while (!io.signal.aborted) {
    const round = await keepOnce(kept, io.signal);
    if (io.signal.aborted) break;
    told(round);
    await clock.sleep(every, io.signal).catch(() => undefined);
  }
  logger.info({}, 'stopped: floors that run out from now on stay until a keeper runs again');
}

interface Telling {
  readonly logger: Logger;
  readonly meter: Meter;
  readonly flags: Flags;
  readonly io: Io;
  /** What was wrong in the round before, by pool. */
  readonly standing: Map<string, string>;
}

function tell(round: Round, { logger, meter, flags, io, standing }: Telling): Round {
  const failing = new Map(round.failed.map(({ pool, error }) => [pool, error]));
  for (const { pool, plugin, error } of round.failed) {
    meter.count(FAILED, 1, { pool, plugin });
    // Every few seconds the same line would hide all others.
    if (standing.get(pool) !== error) logger.warn({ pool, plugin, error }, 'cannot be looked at: tried again each time');
  }
  for (const pool of standing.keys()) if (!failing.has(pool)) logger.info({ pool }, 'can be looked at again');
  standing.clear();
  for (const [pool, error] of failing) standing.set(pool, error);
  for (const restored of round.restored) {
    const { pool, plugin, from, units, expired } = restored;
    meter.count(RESTORED, 1, { pool, plugin });
    logger.warn({ pool, plugin, from, units, expired: instant(expired) }, 'the floor has run out: the original is back');
    if (flags.json) io.out(`${JSON.stringify(restored)}\n`);
  }
  return round;
}
