import { VERSION } from '@auspex/core';
import { Command, CommanderError } from 'commander';
import { alertsCommand, silenceCommand, unsilenceCommand } from './commands/alerts.ts';
import { backtestCommand } from './commands/backtest.ts';
import { checkCommand } from './commands/check.ts';
import { describeCommand } from './commands/describe.ts';
import { diffCommand } from './commands/diff.ts';
import { doctorCommand } from './commands/doctor.ts';
import { eventsCommand } from './commands/events.ts';
import { explainCommand } from './commands/explain.ts';
import { forgetCommand } from './commands/forget.ts';
import { freezeCommand, holdsCommand, pinCommand, releaseCommand } from './commands/hold.ts';
import { initCommand } from './commands/init.ts';
import { journalCommand } from './commands/journal.ts';
import { keepCommand } from './commands/keep.ts';
import { profileCommand } from './commands/profile.ts';
import { runCommand } from './commands/run.ts';
import { Ended, EXIT, errorText, isAuspexError } from './exit.ts';
import type { Io } from './io.ts';

const HELP = `
Examples:
  $ auspex backtest access.log        what it would have done with your traffic
  $ auspex init && auspex run         decide and journal, touch nothing

Exit codes: 0 done, 1 unexpected failure, 2 wrong use, 3 config or plugin, 4 source, 5 store, 130 interrupted.
`;

const COMMANDS = [
  backtestCommand,
  initCommand,
  runCommand,
  explainCommand,
  diffCommand,
  eventsCommand,
  profileCommand,
  describeCommand,
  checkCommand,
  doctorCommand,
  keepCommand,
  journalCommand,
  forgetCommand,
  freezeCommand,
  pinCommand,
  releaseCommand,
  holdsCommand,
  alertsCommand,
  silenceCommand,
  unsilenceCommand,
];

/** Runs one command line (without node and script). Returns the exit code; prints errors, throws none. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const output = { writeOut: io.out, writeErr: io.err, getOutHelpWidth: () => io.width, getErrHelpWidth: () => io.width };
  const program = new Command('auspex')
    .description('Readies capacity before users arrive.')
    .version(VERSION)
    .addHelpText('after', HELP)
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride()
    .configureOutput(output);
  for (const add of COMMANDS) {
    add(io)(program).showHelpAfterError('(--help shows what there is)').exitOverride().configureOutput(output);
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof Ended) return error.exitCode;
    // Whatever broke because it was stopped was stopped.
    if (io.signal.aborted && !isAuspexError(error)) return EXIT.interrupted;
    const { text, code } = errorText(error, io.cwd);
    io.err(`${text}\n`);
    return code;
  }
}
