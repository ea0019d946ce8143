import type { JournalRecord } from '@auspex/contracts';
import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { journalLines, type StoreFlags } from '../open-store.ts';
import { oneOf, timeOf } from '../values.ts';

interface Flags extends StoreFlags {
  readonly from?: string;
  readonly type?: string;
}

const TYPES = [
  'start',
  'decision',
  'receipt',
  'outcome',
  'anomaly',
  'alert',
  'failure',
  'notice',
] as const satisfies readonly JournalRecord['type'][];

const EXAMPLES = `
Examples:
  $ auspex journal --type failure
  $ auspex journal --from 2026-01-31 > decisions.ndjson
`;

export function journalCommand(io: Io): (command: Command) => Command {
  return (command) =>
    command
      .command('journal')
      .summary('the journal as NDJSON')
      .description(
        'Prints the journal of the store as NDJSON: starts, decisions, receipts, outcomes, anomalies, alerts, failures, notices.',
      )
      .option('--config <file>', 'config whose store holds the journal')
      .option('--from <time>', 'begin here; UTC unless it has an offset')
      .option('--type <name>', `only lines of this type: ${TYPES.join(', ')}`)
      .addHelpText('after', EXAMPLES)
      .action(async (flags: Flags) => {
        const from = flags.from === undefined ? undefined : timeOf(flags.from, '--from');
        const type = flags.type === undefined ? undefined : oneOf(flags.type, '--type', TYPES);
        let lines = 0;
        for await (const line of journalLines(flags, io, from)) {
          io.signal.throwIfAborted();
          if (type !== undefined && (JSON.parse(line) as { type: string }).type !== type) continue;
          io.out(`${line}\n`);
          lines++;
        }
        if (lines === 0) io.err('the journal holds no such line\n');
      });
}
