import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Decision, deepFreeze, type JournalRecord } from '@auspex/contracts';
import { replay } from '@auspex/evaluate';
import { catalogue } from '@auspex/preset';
import type { Command } from 'commander';
import { type Change, type Decisions, type Differences, decisionsOf, differences, within } from '../diff.ts';
import { Ended, EXIT } from '../exit.ts';
import type { Io } from '../io.ts';
import { journalFile } from '../journal-file.ts';
import { makePlan } from '../plan.ts';
import { Progress } from '../progress.ts';
import { hang, instant, plural } from '../text.ts';
import type { TraceFlags } from '../trace.ts';
import { numberOf, timeOf, wrongUse } from '../values.ts';
import { withTraceOptions } from './options.ts';

interface Flags extends TraceFlags {
  readonly from: string;
  readonly to: string;
  readonly since?: string;
  readonly until?: string;
  readonly pool?: string;
  readonly limit?: string;
  readonly exitCode?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ auspex diff access.log --from auspex.config.ts --to cheaper.config.ts
  $ auspex backtest access.log --journal before.ndjson     (then install another version)
  $ auspex diff access.log --from before.ndjson --to auspex.config.ts
`;
const LIMIT = 20;

export function diffCommand(io: Io): (command: Command) => Command {
  return (command) =>
    withTraceOptions(
      command
        .command('diff')
        .argument('[trace...]', 'files that configs are replayed on; without one, the sources of each config')
        .summary('which decisions another config or version changes')
        .description(
          'Compares decisions pool by pool and step by step. Each side is a config, which is replayed, or a journal that was written before, by this or another version.',
        )
        .requiredOption('--from <file>', 'config or NDJSON journal')
        .requiredOption('--to <file>', 'config or NDJSON journal'),
    )
      .option('--since <time>', 'compare from here on: a date, or a share such as 60% (default: 60 % of the trace)')
      .option('--until <time>', 'compare up to here (default: the end of the trace)')
      .option('--pool <id>', 'only this pool')
      .option('--limit <n>', `changes to print (default: ${LIMIT})`)
      .option('--exit-code', 'end with 1 where a decision differs, or one side lacks it')
      .option('--json', 'every change as NDJSON: key, units, trails')
      .addHelpText('after', EXAMPLES)
      .action(async (files: string[], flags: Flags) => diff(files, flags, io));
}

async function diff(files: readonly string[], flags: Flags, io: Io): Promise<void> {
  const limit = numberOf(flags.limit ?? String(LIMIT), '--limit', { least: 0, whole: true }, 'a whole number of changes, such as 20');
  const from = await sideOf(flags.from, files, flags, io);
  const to = await sideOf(flags.to, files, flags, io);
  const [first, last] = [
    dateOf(flags.since, '--since') ?? Number.NEGATIVE_INFINITY,
    dateOf(flags.until, '--until') ?? Number.POSITIVE_INFINITY,
  ];
  const part = (side: Decisions): Decisions => within(of(side, flags.pool), first, last);
  const found = differences(part(from), part(to));
  if (found.compared === 0) {
    const remedy = 'Both must be of the same pools and span: replay both on one trace, with one --since and --until.';
    throw wrongUse('--to', `no decision of ${flags.from} has its like in ${flags.to}`, remedy);
  }
  if (flags.json) for (const change of found.changes) io.out(`${JSON.stringify(lineOf(change))}\n`);
  else io.out(text(found, flags, limit, io.width));
  const { only } = found;
  if (flags.json && only.from + only.to > 0)
    io.err(`not compared: ${only.from} that only ${flags.from} has, ${only.to} that only ${flags.to} has\n`);
  if (flags.exitCode && found.changes.length + only.from + only.to > 0) throw new Ended(EXIT.failure);
}

/** A date; a share of a trace is the replay's to find, and what is compared ends where either side does. */
function dateOf(time: string | undefined, option: string): number | undefined {
  return time === undefined || time.trim().endsWith('%') ? undefined : timeOf(time, option);
}

/** The decisions of a journal, or of a config that is replayed. */
async function sideOf(file: string, files: readonly string[], flags: Flags, io: Io): Promise<Decisions> {
  if (isJournal(path.resolve(io.cwd, file))) return decisionsOf(journalFile(file, io.cwd));
  const { since, until } = flags;
  const plan = await makePlan(files, { ...flags, config: file, ...times('from', since), ...times('to', until) }, io);
  const decisions = new Map<string, Decision>();
  const progress = new Progress(io, { from: plan.facts.first, to: plan.to });
  try {
    await replay({
      config: plan.config,
      catalogue,
      title: plan.title,
      source: plan.source,
      from: plan.from,
      to: plan.to,
      onJournal: (line: string) => {
        const record = JSON.parse(line) as JournalRecord;
        if (record.type === 'decision') decisions.set(record.decision.key, deepFreeze(record.decision));
      },
      onProgress: (phase, step) => {
        io.signal.throwIfAborted();
        progress.step(phase, step);
      },
    });
  } finally {
    progress.done();
  }
  return decisions;
}

function times(name: 'from' | 'to', time: string | undefined): { from?: string; to?: string } {
  // The command's own --from and --to name sides: of a plan they are times.
  return time === undefined ? ({ [name]: undefined } as { from?: string; to?: string }) : { [name]: time };
}

/** A journal begins with a record; a config is code, or JSON of another kind. What cannot be read is told by whoever reads it next. */
function isJournal(file: string): boolean {
  if (file.endsWith('.ndjson') || file.endsWith('.jsonl')) return true;
  if (!file.endsWith('.json')) return false;
  try {
    return /^\{"type":"(start|decision|receipt|failure|notice)"/.test(readFileSync(file, 'utf8').slice(0, 40));
  } catch {
    return false;
  }
}

function of(decisions: Decisions, pool: string | undefined): Decisions {
  return pool === undefined ? decisions : new Map([...decisions].filter(([, decision]) => decision.pool === pool));
}

function lineOf({ key, pool, step, from, to }: Change): object {
  const side = ({ units, tier, trail, configHash }: Decision): object => ({ units, tier, trail, configHash });
  return { key, pool, step: new Date(step).toISOString(), from: side(from), to: side(to) };
}

function text({ compared, changes, only, units }: Differences, flags: Flags, limit: number, width: number): string {
  const share = ((100 * changes.length) / compared).toFixed(1);
  const out = [`${plural(changes.length, 'decision')} of ${compared} ${changes.length === 1 ? 'differs' : 'differ'} (${share} %)`];
  const more =
    units.from > 0 ? ` (${units.to >= units.from ? '+' : ''}${((100 * (units.to - units.from)) / units.from).toFixed(1)} %)` : '';
  out.push(`units ordered over all of them: ${units.from} by ${flags.from}, ${units.to} by ${flags.to}${more}`);
  if (only.from + only.to > 0) out.push(`not compared: ${only.from} that only ${flags.from} has, ${only.to} that only ${flags.to} has`);
  for (const change of changes.slice(0, limit)) {
    out.push('', `${change.pool}  ${instant(change.step)}  ${change.from.units} → ${plural(change.to.units, 'unit')}${tiers(change)}`);
    out.push(hang('  from  ', reason(change.why.from), width), hang('  to    ', reason(change.why.to), width));
  }
  if (changes.length > limit) out.push('', `and ${changes.length - limit} more: --limit ${changes.length}, or --json`);
  return `${out.join('\n')}\n`;
}

function tiers({ from, to }: Change): string {
  return from.tier === to.tier ? '' : `, tier ${from.tier} → ${to.tier}`;
}

function reason(why: Change['why']['from']): string {
  return why ? `${why.by} ${why.units}: ${why.text}` : 'nothing more';
}
