import { AuspexError, type Decision, type JournalRecord, type StepOutcome } from '@auspex/contracts';
import type { Command } from 'commander';
import { decisionText } from '../explain-text.ts';
import type { Io } from '../io.ts';
import { journalFile } from '../journal-file.ts';
import { journalLines, type StoreFlags } from '../open-store.ts';
import { instant } from '../text.ts';
import { numberOf, timeOf } from '../values.ts';

interface Flags extends StoreFlags {
  readonly pool?: string;
  readonly at?: string;
  readonly last?: string;
  readonly changes?: boolean;
  readonly journal?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ auspex explain --pool web --at 2026-01-31T06:00Z
  $ auspex explain --journal decisions.ndjson --changes --last 5
`;

export function explainCommand(io: Io): (command: Command) => Command {
  return (command) =>
    command
      .command('explain')
      .summary('why this decision, or why none')
      .description(
        'Prints the trail of decisions: what was seen, what was expected, what each stage and guard made of it. A quiet step has a trail too.',
      )
      .option('--config <file>', 'config whose store holds the journal')
      .option('--journal <file>', 'read an NDJSON journal instead of the store')
      .option('--pool <id>', 'only this pool')
      .option('--at <time>', 'the decision that was in force then, UTC unless it has an offset (default: the last one)')
      .option('--last <n>', 'the last n decisions of each pool before that (default: 1)')
      .option('--changes', 'only decisions that changed the units')
      .option('--json', 'decisions as NDJSON, each with its outcome where that is known')
      .addHelpText('after', EXAMPLES)
      .action(async (flags: Flags) => explain(flags, io));
}

/** What a pass over a journal kept. */
interface Found {
  /** By pool, oldest first. */
  readonly kept: Map<string, Decision[]>;
  /** Other lines of the steps of what is kept, or of none yet. */
  beside: JournalRecord[];
  /** What came of decisions that are kept, by key. */
  readonly came: Map<string, StepOutcome>;
  readonly pools: Set<string>;
  first: number;
  last: number;
}

async function explain(flags: Flags, io: Io): Promise<void> {
  const at = flags.at === undefined ? Number.POSITIVE_INFINITY : timeOf(flags.at, '--at');
  const most = numberOf(flags.last ?? '1', '--last', { least: 1, whole: true }, 'a whole number of decisions, such as 5');
  const found: Found = {
    kept: new Map(),
    beside: [],
    came: new Map(),
    pools: new Set(),
    first: Number.POSITIVE_INFINITY,
    last: Number.NEGATIVE_INFINITY,
  };
  for await (const record of records(flags, io)) {
    keep(record, found, at, most, flags);
    io.signal.throwIfAborted();
  }
  if (found.kept.size === 0) throw nothing(flags, found);
  const decisions = [...found.kept.values()].flat();
  decisions.forEach((decision, i) => {
    const outcome = found.came.get(decision.key);
    if (flags.json) io.out(`${JSON.stringify(outcome ? { ...decision, outcome } : decision)}\n`);
    else io.out(`${i > 0 ? '\n' : ''}${decisionText(decision, found.beside, outcome, io)}`);
  });
}

function keep(record: JournalRecord, found: Found, at: number, most: number, flags: Flags): void {
  if (record.type === 'outcome') {
    const { decision } = record.outcome;
    if (decision && found.kept.get(record.outcome.pool)?.some(({ key }) => key === decision.key))
      found.came.set(decision.key, record.outcome);
    return;
  }
  if (record.type !== 'decision') {
    if (record.step <= at) found.beside.push(record);
    return;
  }
  const { decision } = record;
  found.pools.add(decision.pool);
  found.first = Math.min(found.first, record.step);
  found.last = Math.max(found.last, record.step);
  if (record.step > at || (flags.pool !== undefined && decision.pool !== flags.pool)) return;
  if (flags.changes && decision.units === decision.previous) return;
  const list = found.kept.get(decision.pool) ?? [];
  list.push(decision);
  if (list.length > most) found.came.delete((list.shift() as Decision).key);
  found.kept.set(decision.pool, list);
  // A journal may be of weeks: what stands beside decisions that are not kept any more is nobody's.
  const oldest = Math.min(...[...found.kept.values()].map(([first]) => (first as Decision).step));
  if ((found.beside[0]?.step ?? oldest) < oldest) found.beside = found.beside.filter(({ step }) => step >= oldest);
}

async function* records(flags: Flags, io: Io): AsyncGenerator<JournalRecord> {
  if (flags.journal === undefined) {
    for await (const line of journalLines(flags, io)) yield JSON.parse(line) as JournalRecord;
    return;
  }
  yield* journalFile(flags.journal, io.cwd);
}

function nothing(flags: Flags, { pools, first, last }: Found): AuspexError {
  if (pools.size === 0) {
    return new AuspexError('NOTHING_TO_EXPLAIN', 'the journal holds no decision yet', {
      remedy: 'Run `auspex run --decide all`, or `auspex backtest --journal FILE` and `auspex explain --journal FILE`.',
    });
  }
  const what =
    flags.pool !== undefined && !pools.has(flags.pool)
      ? `there is no decision of a pool "${flags.pool}"`
      : `there is no ${flags.changes ? 'change' : 'decision'} at or before that time`;
  return new AuspexError(
    'NOTHING_TO_EXPLAIN',
    `${what}; the journal holds ${[...pools].join(', ')} from ${instant(first)} to ${instant(last)}`,
  );
}
