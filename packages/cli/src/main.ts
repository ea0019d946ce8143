import { VERSION } from '@auspex/core';
import { Command, CommanderError } from 'commander';
import { backtestCommand } from './commands/backtest.ts';
import { describeCommand } from './commands/describe.ts';
import { explainCommand } from './commands/explain.ts';
import { initCommand } from './commands/init.ts';
import { journalCommand } from './commands/journal.ts';
import { profileCommand } from './commands/profile.ts';
import { runCommand } from './commands/run.ts';
import { EXIT, errorText } from './exit.ts';
import type { Io } from './io.ts';

const HELP = `
Exit codes: 0 done, 1 unexpected failure, 2 wrong use, 3 config or plugin, 4 source, 5 store, 130 interrupted.
`;

/** Runs one command line (without node and script). Returns the exit code; prints errors, throws none. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const program = new Command('auspex')
    .description('Readies capacity before users arrive.')
    .version(VERSION)
    .addHelpText('after', HELP)
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err });
  for (const add of [backtestCommand, initCommand, runCommand, explainCommand, profileCommand, describeCommand, journalCommand]) {
    add(io)(program).exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err });
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (io.signal.aborted && (error as Error).name === 'AbortError') return EXIT.interrupted;
    const { text, code } = errorText(error);
    io.err(`${text}\n`);
    return code;
  }
}
