import { userInfo } from 'node:os';
import { AuspexError, formatDuration, type Store } from '@auspex/contracts';
import { type AuspexConfig, endHold, type Hold, LONGEST_HOLD_MS, nearest, readHolds, setHold, WallClock } from '@auspex/core';
import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { openStore, type StoreFlags } from '../open-store.ts';
import { instant } from '../text.ts';
import { durationOf, numberOf, wrongUse } from '../values.ts';

interface Flags extends StoreFlags {
  readonly for: string;
  readonly reason: string;
  readonly by?: string;
  readonly units?: string;
  readonly inOnly?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ auspex freeze web --for 2h --reason "database move"
  $ auspex pin web --units 12 --for 30m --reason "load test"
  $ auspex holds
  $ auspex release web
`;
const BESIDE = 'A running engine takes it up with its next step, and names it in every trail and in the journal.';

/** A hold is for those who run the engine: who, why and until when stand in every decision. */
function withHoldOptions(command: Command): Command {
  return command
    .argument('<pool>', 'the pool')
    .requiredOption('--for <time>', 'how long, such as 30m or 2h; at most 7d')
    .requiredOption('--reason <text>', 'why; stands in every trail')
    .option('--by <name>', 'who (default: the user of this system)')
    .option('--config <file>', 'config whose store the engine uses')
    .option('--json', 'as JSON')
    .addHelpText('after', EXAMPLES);
}

export function freezeCommand(io: Io): (command: Command) => Command {
  return (command) =>
    withHoldOptions(command.command('freeze').summary('keep the units of a pool as they are for a time'))
      .description(`Keeps the units of a pool as they are for a time. ${BESIDE}`)
      .option('--in-only', 'units may rise, and not fall')
      .action((pool: string, flags: Flags) => hold(pool, 'freeze', flags, io));
}

export function pinCommand(io: Io): (command: Command) => Command {
  return (command) =>
    withHoldOptions(command.command('pin').summary('keep a pool at a number of units for a time'))
      .description(`Keeps a pool at a number of units for a time, inside its bounds. ${BESIDE}`)
      .requiredOption('--units <n>', 'how many')
      .action((pool: string, flags: Flags) => hold(pool, 'pin', flags, io));
}

export function releaseCommand(io: Io): (command: Command) => Command {
  return (command) =>
    command
      .command('release')
      .argument('<pool>', 'the pool')
      .summary('end a freeze or a pin before its time')
      .description('Ends the freeze or pin of a pool before its time. A running engine decides by itself again from its next step on.')
      .option('--config <file>', 'config whose store the engine uses')
      .option('--json', 'as JSON')
      .addHelpText('after', EXAMPLES)
      .action((pool: string, flags: StoreFlags & { readonly json?: boolean }) => release(pool, flags, io));
}

export function holdsCommand(io: Io): (command: Command) => Command {
  return (command) =>
    command
      .command('holds')
      .summary('list the freezes and pins that are in force')
      .description('Lists the freezes and pins that are in force, with who made them, why and until when.')
      .option('--config <file>', 'config whose store the engine uses')
      .option('--json', 'as JSON')
      .addHelpText('after', EXAMPLES)
      .action((flags: StoreFlags & { readonly json?: boolean }) => list(flags, io));
}

async function hold(pool: string, kind: Hold['kind'], flags: Flags, io: Io): Promise<void> {
  const lasts = durationOf(flags.for, '--for', 1000);
  if (lasts > LONGEST_HOLD_MS)
    throw wrongUse('--for', `${flags.for} is longer than ${formatDuration(LONGEST_HOLD_MS)}`, 'Say it again when it is over.');
  if (flags.reason.trim() === '') throw wrongUse('--reason', 'is empty', 'Say why: whoever reads the trail will ask.');
  const units = numberOf(flags.units, '--units', { least: 0, whole: true }, 'a whole number of units, such as 12');
  const made = new WallClock().now();
  const order = {
    pool,
    kind,
    ...(units === undefined ? {} : { units }),
    ...(flags.inOnly ? { inOnly: true } : {}),
    until: made + lasts,
    made,
    by: flags.by ?? userInfo().username,
    reason: flags.reason.trim(),
  } satisfies Hold;
  await withStore(flags, io, async (store, config) => {
    checkPool(pool, config);
    await setHold(store, order);
  });
  io.out(flags.json ? `${JSON.stringify(order, null, 2)}\n` : `${textOf(order)}\n`);
}

async function release(pool: string, flags: StoreFlags & { readonly json?: boolean }, io: Io): Promise<void> {
  const ended = await withStore(flags, io, async (store, config) => {
    const found = await endHold(store, pool);
    // A hold of a pool that the config has no longer is ended all the same.
    if (!found) checkPool(pool, config);
    return found;
  });
  if (!ended || ended.until <= new WallClock().now()) {
    throw new AuspexError('NOTHING_TO_EXPLAIN', `nothing holds the pool "${pool}"`, {
      remedy: 'Nothing: it is decided by the engine. `auspex holds` lists what is held.',
    });
  }
  io.out(flags.json ? `${JSON.stringify(ended, null, 2)}\n` : `${pool}  released; it was ${textOf(ended).slice(pool.length + 2)}\n`);
}

async function list(flags: StoreFlags & { readonly json?: boolean }, io: Io): Promise<void> {
  const all = await withStore(flags, io, (store) => readHolds(store));
  const inForce = all.filter(({ until }) => until > new WallClock().now());
  if (flags.json) io.out(`${JSON.stringify(inForce, null, 2)}\n`);
  else io.out(inForce.length === 0 ? 'no pool is held\n' : `${inForce.map(textOf).join('\n')}\n`);
}

async function withStore<T>(flags: StoreFlags, io: Io, work: (store: Store, config: AuspexConfig) => Promise<T>): Promise<T> {
  const { store, config } = await openStore(flags, io);
  try {
    return await work(store, config);
  } finally {
    await store.close();
  }
}

function checkPool(pool: string, { pools }: AuspexConfig): void {
  const ids = pools.map(({ id }) => id);
  if (ids.includes(pool)) return;
  const near = nearest(pool, ids);
  throw wrongUse('POOL', `no pool is called "${pool}"${near ? `; did you mean "${near}"?` : ''}`, `Use one of ${ids.join(', ')}.`);
}

function textOf({ pool, kind, units, inOnly, until, by, reason }: Hold): string {
  const what = kind === 'pin' ? `pinned at ${units}` : inOnly ? 'frozen downwards' : 'frozen';
  return `${pool}  ${what} until ${instant(until)} by ${by}: "${reason}"`;
}
