import { AuspexError, type BehaviorProfile } from '@auspex/contracts';
import { createEngine, nearest, use, VirtualClock } from '@auspex/core';
import { catalogue, memory, preset } from '@auspex/preset';
import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { openStore, type StoreFlags } from '../open-store.ts';
import { profilesText, profileText } from '../profile-text.ts';
import { Progress } from '../progress.ts';
import { withFlagRemedies } from '../remedies.ts';
import { type TraceFlags, traceConfig } from '../trace.ts';
import { withTraceOptions } from './options.ts';

interface Flags extends TraceFlags, StoreFlags {
  readonly trace?: string[];
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ auspex profile --trace access.log.1 access.log --zone Europe/Berlin
  $ auspex profile /checkout
`;

export function profileCommand(io: Io): (command: Command) => Command {
  return (command) =>
    withTraceOptions(
      command
        .command('profile')
        .argument('[group]', 'the group; without one, all of them in a line each')
        .summary("a group's behaviour, drawn")
        .description('Shows what is believed of a group: rates by time of week, peaks, sessions, resources, users, correlated groups.')
        .option('--config <file>', 'config whose store holds the profiles')
        .option('--trace <file...>', 'learn from these files instead of reading the store')
        .option('--json', 'as JSON'),
    )
      .addHelpText('after', EXAMPLES)
      .action(async (group: string | undefined, flags: Flags) => profile(group, flags, io));
}

async function profile(group: string | undefined, flags: Flags, io: Io): Promise<void> {
  const profiles = flags.trace ? await learn(flags.trace, flags, io) : await restore(flags, io);
  const busiest = profiles.toSorted((a, b) => b.perMinute - a.perMinute || (a.group < b.group ? -1 : 1));
  const [first] = busiest;
  if (!first) {
    throw new AuspexError('NOTHING_TO_EXPLAIN', 'no group is known yet', {
      remedy: 'Run `auspex run` until a step has closed, or learn from files: auspex profile --trace access.log.',
    });
  }
  if (group === undefined) {
    io.out(flags.json ? `${JSON.stringify(busiest, null, 2)}\n` : profilesText(busiest, io.width));
    if (!flags.json) io.err(`next: auspex profile ${first.group}${given(flags)}\n`);
    return;
  }
  const found = busiest.find((each) => each.group === group);
  if (!found) throw unknown(group, busiest);
  io.out(flags.json ? `${JSON.stringify(found, null, 2)}\n` : profileText(found, io.width));
}

function unknown(group: string, profiles: readonly BehaviorProfile[]): AuspexError {
  const near = nearest(
    group,
    profiles.map((each) => each.group),
  );
  return new AuspexError('NOTHING_TO_EXPLAIN', `no group "${group}" is known${near ? `; did you mean "${near}"?` : ''}`, {
    remedy: 'Without a name, `auspex profile` lists the groups.',
  });
}

function learn(files: readonly string[], flags: Flags, io: Io): Promise<BehaviorProfile[]> {
  return withFlagRemedies(async () => {
    const { format: _format, ...trace } = await traceConfig(files, flags, io.cwd);
    const progress = new Progress(io);
    const config = { ...preset({ ...trace, store: use(memory), pools: [{ id: 'all', unitRate: 1 }] }), predictors: [] };
    const onStep = (step: number): void => {
      io.signal.throwIfAborted();
      progress.step('learning', step);
    };
    await using engine = createEngine(config, {
      mode: 'replay',
      catalogue,
      host: { clock: new VirtualClock() },
      decideFrom: Number.POSITIVE_INFINITY,
      onStep,
    });
    try {
      await engine.start();
      await engine.run();
    } finally {
      progress.done();
    }
    return engine.groups().flatMap((each) => engine.profile(each) ?? []);
  });
}

async function restore(flags: Flags, io: Io): Promise<BehaviorProfile[]> {
  const { store, config } = await openStore(flags, io);
  try {
    // A replay that is started and never run reads what is stored, takes no lease and writes nothing.
    await using engine = createEngine(config, { mode: 'replay', catalogue, host: { store } });
    await engine.start();
    return engine.groups().flatMap((each) => engine.profile(each) ?? []);
  } finally {
    await store.close();
  }
}

/** The flags that were given, as they have to be given again. */
function given(flags: Flags): string {
  const { json: _json, trace, ...rest } = flags;
  const named = Object.entries(rest).map(
    ([name, value]) => ` --${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${String(value)}`,
  );
  return `${trace ? ` --trace ${trace.join(' ')}` : ''}${named.join('')}`;
}
