import { createReadStream, existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { styleText } from 'node:util';
import { AuspexError, type Decision, type JournalRecord } from '@auspex/contracts';
import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { journalLines, type StoreFlags } from '../open-store.ts';

interface Flags extends StoreFlags {
  readonly pool?: string;
  readonly at?: string;
  readonly last?: string;
  readonly changes?: boolean;
  readonly journal?: string;
  readonly json?: boolean;
}

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
      .option('--at <time>', 'the decision that was in force then (default: the last one)')
      .option('--last <n>', 'the last n decisions before that (default: 1)')
      .option('--changes', 'only decisions that changed the units')
      .option('--json', 'decisions as NDJSON')
      .action(async (flags: Flags) => explain(flags, io));
}

async function explain(flags: Flags, io: Io): Promise<void> {
  const at = flags.at === undefined ? Number.POSITIVE_INFINITY : Date.parse(flags.at);
  if (Number.isNaN(at))
    throw new AuspexError('SUPPORT', `"${flags.at}" is no time`, { path: '--at', remedy: 'Write it as 2026-01-31T06:00Z.' });
  const kept = new Map<string, Decision[]>();
  const beside: JournalRecord[] = [];
  const most = Number(flags.last ?? 1);
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  const pools = new Set<string>();
  for await (const line of lines(flags, io)) {
    const record = JSON.parse(line) as JournalRecord;
    if (record.type !== 'decision') {
      if (record.step <= at) beside.push(record);
      continue;
    }
    const { decision } = record;
    pools.add(decision.pool);
    first = Math.min(first, record.step);
    last = Math.max(last, record.step);
    if (record.step > at || (flags.pool !== undefined && decision.pool !== flags.pool)) continue;
    if (flags.changes && decision.units === decision.previous) continue;
    const list = kept.get(decision.pool) ?? [];
    list.push(decision);
    if (list.length > most) list.shift();
    kept.set(decision.pool, list);
  }
  if (kept.size === 0) throw nothing(flags, pools, first, last);
  for (const decision of [...kept.values()].flat()) {
    if (flags.json) io.out(`${JSON.stringify(decision)}\n`);
    else io.out(decisionText(decision, beside, io.tty));
  }
}

async function* lines(flags: Flags, io: Io): AsyncIterable<string> {
  if (flags.journal === undefined) {
    yield* journalLines(flags, io);
    return;
  }
  const file = path.resolve(io.cwd, flags.journal);
  if (!existsSync(file)) throw new AuspexError('SOURCE_NOT_FOUND', 'there is no such file', { path: flags.journal });
  yield* createInterface({ input: createReadStream(file) });
}

function nothing(flags: Flags, pools: ReadonlySet<string>, first: number, last: number): AuspexError {
  if (pools.size === 0) {
    return new AuspexError('NOTHING_TO_EXPLAIN', 'the journal holds no decision yet', {
      remedy: 'Run `auspex run` or `auspex backtest --journal FILE` first.',
    });
  }
  const range = `${new Date(first).toISOString()} to ${new Date(last).toISOString()}`;
  const what = flags.pool !== undefined && !pools.has(flags.pool) ? `no decision of pool "${flags.pool}"` : 'no such decision at that time';
  return new AuspexError('NOTHING_TO_EXPLAIN', `${what}; the journal holds ${[...pools].join(', ')} from ${range}`);
}

const rate = (value: number): string => `${Number(value.toPrecision(3))}/s`;

/** One decision as a person reads it. */
export function decisionText(decision: Decision, beside: readonly JournalRecord[], color: boolean): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const { demand } = decision;
  const change = decision.units === decision.previous ? `stays at ${decision.units}` : `${decision.previous} → ${decision.units}`;
  const out = [
    `${paint('bold', `${decision.pool}  ${new Date(decision.step).toISOString()}  ${change} units`)}${decision.shadow ? '  (shadow)' : ''}`,
    `  seen        ${rate(demand.actual)} in the last step`,
    `  expected    ${rate(demand.expected)} at ${new Date(demand.at).toISOString()} (80 %: ${rate(demand.low)} to ${rate(demand.high)}), by ${demand.by}`,
  ];
  if (demand.fallback !== undefined) out.push(`  fallback    ${demand.fallback}`);
  for (const surge of decision.surges.slice(0, 3)) {
    out.push(`  surge       ${surge.group}: probability ${surge.probability.toFixed(2)} (score ${surge.score.toFixed(2)})`);
    for (const part of surge.contributions)
      out.push(`                ${part.of} ${part.amount >= 0 ? '+' : ''}${part.amount.toFixed(2)}: ${part.text}`);
  }
  decision.trail.forEach((reason, i) => {
    out.push(
      `  ${i === 0 ? 'trail     ' : '          '}  ${String(reason.units).padStart(4)}  ${paint('cyan', reason.by)}: ${reason.text}`,
    );
  });
  for (const record of beside) {
    if (record.step !== decision.step) continue;
    if (record.type === 'receipt' && record.receipt.pool === decision.pool) {
      const { status, units, ready, detail } = record.receipt;
      out.push(`  receipt     ${status}: ${units} ordered, ${ready} ready${detail ? ` (${detail})` : ''}`);
    }
    if (record.type === 'failure')
      out.push(
        paint(
          'yellow',
          `  failure     ${record.failure.stage}(${record.failure.plugin}) for ${record.failure.subject}: ${record.failure.message}; ${record.failure.fallback}`,
        ),
      );
    if (record.type === 'notice') out.push(`  notice      ${record.code}: ${record.text}`);
  }
  out.push(paint('dim', `  made by     config ${decision.configHash}, state ${decision.stateHash}`));
  return `${out.join('\n')}\n`;
}
