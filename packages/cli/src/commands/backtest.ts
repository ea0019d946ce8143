import { createWriteStream, type WriteStream, writeFileSync } from 'node:fs';
import path from 'node:path';
import { AuspexError, formatDuration, parseDuration } from '@auspex/contracts';
import { type AuspexConfig, use } from '@auspex/core';
import { closedLoopConfig, type ReplayReport, replay, reportHtml, reportJson, reportTerminal } from '@auspex/evaluate';
import { quantileSorted } from '@auspex/numerics';
import { catalogue, memory, preset } from '@auspex/preset';
import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { findConfig, loadConfig } from '../load-config.ts';
import { Progress } from '../progress.ts';
import { inspectTrace, type TraceConfig, type TraceFacts, type TraceFlags, traceConfig } from '../trace.ts';
import { withTraceOptions } from './options.ts';

interface Flags extends TraceFlags {
  readonly config?: string;
  readonly from?: string;
  readonly to?: string;
  readonly unitRate?: string;
  readonly target?: string;
  readonly leadTime?: string;
  readonly delay?: string;
  readonly min?: string;
  readonly max?: string;
  readonly closedLoop?: boolean;
  readonly html?: string | false;
  readonly journal?: string;
  readonly json?: boolean;
}

/** Units that the busiest minutes of the history are taken to need when nobody says what a unit serves. */
const BUSIEST_UNITS = 20;
const GOAL = 0.85;
const DAY_MS = 86_400_000;

export function backtestCommand(io: Io): (command: Command) => Command {
  return (command) =>
    withTraceOptions(
      command
        .command('backtest')
        .argument('[trace...]', 'access logs, CSV or NDJSON files, plain or gzip; without one, the sources of the config')
        .summary('replay a trace and compare with the HPA')
        .description(
          'Replays a trace through the whole engine with a simulated fleet, and compares cost and overload with the HPA, static peak and an oracle.',
        )
        .option('--config <file>', 'take everything else from this config; --from, --to, --closed-loop and outputs still hold'),
    )
      .option('--from <time>', 'where the measured span begins: a date, or a share such as 60% (default: 60 % of the trace)')
      .option('--to <time>', 'where it ends (default: the end of the trace)')
      .option(
        '--unit-rate <n>',
        `what a unit serves a second at 100 % use (default: so that the busiest steps of the history need ${BUSIEST_UNITS})`,
      )
      .option('--target <share>', 'planned use of a unit (default: 0.7)')
      .option('--lead-time <duration>', 'time from order to ready (default: 5m, at least a step)')
      .option('--delay <p50,p90>', 'draw it from this lognormal instead, e.g. 3m,8m')
      .option('--min <n>', 'fewest units (default: 1)')
      .option('--max <n>', 'most units (default: 1000)')
      .option('--closed-loop', 'the fleet throttles what it cannot serve, and clients retry')
      .option('--html <file>', 'the report as one HTML file (default: auspex-report.html)')
      .option('--no-html', 'no HTML file')
      .option('--journal <file>', 'write every decision with its reasons as NDJSON (read it with `auspex explain --journal`)')
      .option('--json', 'the whole report as JSON on stdout')
      .action(async (files: string[], flags: Flags) => runBacktest(files, flags, io));
}

/** What one backtest reads: the engine's config and where the measured span lies. */
interface Plan {
  readonly config: AuspexConfig;
  readonly facts: TraceFacts;
  readonly from: number;
  readonly to: number;
  readonly source: string;
  readonly notes: readonly string[];
}

async function runBacktest(files: readonly string[], flags: Flags, io: Io): Promise<void> {
  const plan = await makePlan(files, flags, io);
  const journal = flags.journal ? openJournal(path.resolve(io.cwd, flags.journal)) : undefined;
  const progress = new Progress(io, plan.facts.first, plan.to);
  try {
    const { report, counts } = await replay({
      config: plan.config,
      catalogue,
      title: `Backtest of ${plan.source}`,
      source: plan.source,
      from: plan.from,
      to: plan.to,
      ...(flags.delay ? { fleet: { delay: parseDelay(flags.delay) } } : {}),
      ...(flags.closedLoop ? { closedLoop: closedLoopConfig.parse({}) } : {}),
      notes: plan.notes,
      ...(journal ? { onJournal: journal.write } : {}),
      onProgress: (phase, step) => {
        io.signal.throwIfAborted();
        progress.step(phase, step);
      },
    });
    progress.done();
    const skipped = counts.malformed > 0 ? [`${counts.malformed} records could not be read and were skipped.`] : [];
    tell({ ...report, notes: [...report.notes, ...skipped] }, flags, io);
  } finally {
    progress.done();
    await journal?.close();
  }
}

async function makePlan(files: readonly string[], flags: Flags, io: Io): Promise<Plan> {
  if (flags.config !== undefined || files.length === 0) return planFromConfig(files, flags, io);
  const trace = await traceConfig(files, flags, io.cwd);
  const progress = new Progress(io, 0, 1);
  const facts = await inspectTrace(trace, (step) => {
    io.signal.throwIfAborted();
    progress.step('reading', step);
  });
  progress.done();
  const { from, to } = span(flags, facts);
  const pool = poolOf(trace, facts, from, flags);
  const config = preset({ ...trace, store: use(memory), pools: [pool.config] });
  const zone = flags.zone ? [] : ['Zone not given: days and weeks are taken in UTC.'];
  return { config, facts, from, to, source: files.join(', '), notes: [...pool.notes, ...zone] };
}

async function planFromConfig(files: readonly string[], flags: Flags, io: Io): Promise<Plan> {
  if (flags.config === undefined && files.length === 0) {
    try {
      findConfig(io.cwd, undefined);
    } catch (cause) {
      throw new AuspexError('CONFIG_NOT_FOUND', 'neither a trace nor a config was given', {
        cause,
        remedy: 'Name a trace: auspex backtest access.log. Or run `auspex init` first.',
      });
    }
  }
  const file = findConfig(io.cwd, flags.config);
  const loaded = await loadConfig(file);
  const trace: TraceConfig = files.length > 0 ? await traceConfig(files, flags, io.cwd) : loaded;
  const config: AuspexConfig = { ...loaded, ...trace, store: use(memory) };
  const facts = await inspectTrace(config, () => io.signal.throwIfAborted());
  return { config, facts, ...span(flags, facts), source: files.join(', ') || path.basename(file), notes: [] };
}

/** The measured span: by default the last 40 % of the trace, from the start of a day where the trace has several. */
function span(flags: Flags, facts: TraceFacts): { from: number; to: number } {
  const length = facts.end - facts.first;
  const share = (text: string): number | undefined =>
    /^\d+(\.\d+)?%$/.test(text) ? facts.first + (length * Number.parseFloat(text)) / 100 : undefined;
  const at = (text: string | undefined, option: string): number | undefined => {
    if (text === undefined) return undefined;
    const time =
      share(text) ?? Date.parse(/[Zz]|[+-]\d{2}:?\d{2}$/.test(text) ? text : `${text.replace(' ', 'T')}${text.length > 10 ? 'Z' : ''}`);
    if (Number.isFinite(time)) return Math.round(time / facts.stepMs) * facts.stepMs;
    throw new AuspexError('SUPPORT', `"${text}" is no time`, {
      path: option,
      remedy: 'Use a date such as 2026-01-31T06:00Z, or a share such as 60%.',
    });
  };
  const usual = facts.first + 0.6 * length;
  const rounded = length > 5 * DAY_MS ? Math.ceil(usual / DAY_MS) * DAY_MS : Math.round(usual / facts.stepMs) * facts.stepMs;
  const from = at(flags.from, '--from') ?? rounded;
  const to = at(flags.to, '--to') ?? facts.end;
  if (!(from < to))
    throw new AuspexError('SUPPORT', 'the measured span is empty', {
      path: '--from',
      remedy: 'Let --from lie before --to and before the end of the trace.',
    });
  return { from, to };
}

function poolOf(
  _trace: TraceConfig,
  facts: TraceFacts,
  from: number,
  flags: Flags,
): { config: AuspexConfig['pools'][number]; notes: string[] } {
  const notes: string[] = [];
  let unitRate = number(flags.unitRate, '--unit-rate');
  if (unitRate === undefined) {
    const history = facts.rates
      .slice(0, Math.max(1, Math.round((from - facts.first) / facts.stepMs)))
      .filter((rate) => !Number.isNaN(rate));
    const busiest = quantileSorted(history.sort(), 0.999);
    unitRate = Math.max(busiest, 1e-6) / (BUSIEST_UNITS * GOAL);
    notes.push(
      `A unit is taken to serve ${unitRate.toPrecision(3)} requests a second, so that the busiest steps of the history need ${BUSIEST_UNITS} units: say what yours serves with --unit-rate.`,
    );
  }
  const leadTime = flags.leadTime ?? formatDuration(Math.max(300_000, facts.stepMs));
  if (parseDuration(leadTime) === undefined)
    throw new AuspexError('SUPPORT', `"${leadTime}" is no duration`, { path: '--lead-time', remedy: 'Write 90s, 5m or 1h.' });
  const target = number(flags.target, '--target');
  const min = number(flags.min, '--min');
  const max = number(flags.max, '--max');
  const config = {
    id: 'all',
    unitRate,
    leadTime,
    ...(target ? { target } : {}),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  };
  return { config, notes };
}

function number(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && text.trim() !== '') return value;
  throw new AuspexError('SUPPORT', `"${text}" is no number`, { path: option, remedy: 'Write a number such as 50 or 0.7.' });
}

function parseDelay(text: string): { p50: number; p90: number } {
  const [p50, p90] = text.split(',').map((part) => parseDuration(part.trim()));
  if (p50 === undefined || p90 === undefined || p50 <= 0 || p90 < p50) {
    throw new AuspexError('SUPPORT', `"${text}" is no pair of durations`, {
      path: '--delay',
      remedy: 'Write the median and the 90 % quantile: 3m,8m.',
    });
  }
  return { p50, p90 };
}

function openJournal(file: string): { write: (line: string) => void; close: () => Promise<void> } {
  const stream: WriteStream = createWriteStream(file);
  let failure: Error | undefined;
  stream.on('error', (error) => {
    failure = error;
  });
  return {
    write: (line) => {
      if (failure)
        throw new AuspexError('SUPPORT', `the journal cannot be written: ${failure.message}`, {
          path: file,
          remedy: 'Choose a file that can be written.',
        });
      stream.write(`${line}\n`);
    },
    close: () => new Promise((resolve) => stream.end(() => resolve())),
  };
}

function tell(report: ReplayReport, flags: Flags, io: Io): void {
  if (flags.json) io.out(reportJson(report));
  else io.out(reportTerminal(report, { color: io.tty, width: io.width }));
  if (flags.html === false || (flags.json && flags.html === undefined)) return;
  const file = path.resolve(io.cwd, typeof flags.html === 'string' ? flags.html : 'auspex-report.html');
  writeFileSync(file, reportHtml(report));
  io.err(`report: ${path.relative(io.cwd, file) || file}\n`);
}
