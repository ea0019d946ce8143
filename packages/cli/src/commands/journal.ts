import { AuspexError } from '@auspex/contracts';
import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { journalLines, type StoreFlags } from '../open-store.ts';

interface Flags extends StoreFlags {
  readonly from?: string;
  readonly type?: string;
}

export function journalCommand(io: Io): (command: Command) => Command {
  return (command) =>
    command
      .command('journal')
      .summary('the journal as NDJSON')
      .description('Prints the journal of the store as NDJSON: starts, decisions, receipts, failures, notices.')
      .option('--config <file>', 'config whose store holds the journal')
      .option('--from <time>', 'begin here')
      .option('--type <name>', 'only lines of this type: start, decision, receipt, failure, notice')
      .action(async (flags: Flags) => {
        const from = flags.from === undefined ? undefined : Date.parse(flags.from);
        if (Number.isNaN(from))
          throw new AuspexError('SUPPORT', `"${flags.from}" is no time`, { path: '--from', remedy: 'Write it as 2026-01-31T06:00Z.' });
        for await (const line of journalLines(flags, io, from)) {
          if (flags.type === undefined || (JSON.parse(line) as { type: string }).type === flags.type) io.out(`${line}\n`);
          if (io.signal.aborted) return;
        }
      });
}
