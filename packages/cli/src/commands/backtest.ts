import path from 'node:path';
import { parseDuration } from '@auspex/contracts';
import { closedLoopConfig, type ReplayInput, type ReplayReport, replay, reportHtml, reportJson, reportTerminal } from '@auspex/evaluate';
import { catalogue } from '@auspex/preset';
import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { OutputFile } from '../output.ts';
import { BUSIEST_UNITS, makePlan, type Plan, type PlanFlags } from '../plan.ts';
import { Progress } from '../progress.ts';
import { numberOf, wrongUse } from '../values.ts';
import { withTraceOptions } from './options.ts';

interface Flags extends PlanFlags {
  readonly delay?: string;
  readonly closedLoop?: boolean;
  readonly sweep?: boolean;
  readonly suggest?: boolean;
  readonly goal?: string;
  readonly html?: string | false;
  readonly journal?: string;
  readonly json?: boolean;
}

const REPORT = 'auspex-report.html';
/** Requests in overloaded steps that a suggestion may have, %. */
const OVERLOAD_GOAL = 0.5;

const EXAMPLES = `
Examples:
  $ auspex backtest access.log.2.gz access.log.1 access.log --unit-rate 50 --lead-time 3m
  $ auspex backtest rates.csv --zone Europe/Berlin --from 70% --journal decisions.ndjson
  $ auspex backtest rates.csv --suggest --goal 0.5%
`;

export function backtestCommand(io: Io): (command: Command) => Command {
  return (command) =>
    withTraceOptions(
      command
        .command('backtest')
        .argument('[trace...]', 'access logs, CSV or NDJSON files, plain or gzip, oldest first; without one, the sources of the config')
        .summary('replay a trace and compare with the HPA')
        .description(
          'Replays a trace through the whole engine with a simulated fleet, and compares cost and overload with the HPA, static peak and an oracle.',
        )
        .option('--config <file>', 'take everything else from this config; --from, --to, --delay, --closed-loop and outputs still hold'),
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
      .option('--sweep', 'also try prices of the allocator quantile and a grid of HPAs on the same demand: cost against overload')
      .option('--suggest', 'seek the cheapest config of the sweep that keeps to --goal on data that it was not chosen on')
      .option('--goal <percent>', `most requests in overloaded steps, with --suggest (default: ${OVERLOAD_GOAL}%)`)
      .option('--html <file>', `the report as one HTML file (default: ${REPORT}, and none with --json)`)
      .option('--no-html', 'no HTML file')
      .option('--journal <file>', 'write every decision with its reasons as NDJSON (read it with `auspex explain --journal`)')
      .option('--json', 'the whole report as JSON on stdout')
      .addHelpText('after', EXAMPLES)
      .action(async (files: string[], flags: Flags) => runBacktest(files, flags, io));
}

async function runBacktest(files: readonly string[], flags: Flags, io: Io): Promise<void> {
  const delay = flags.delay === undefined ? undefined : parseDelay(flags.delay);
  const tried = parseSweep(flags);
  const outputs: OutputFile[] = [];
  const open = (file: string, option: string): OutputFile => {
    const output = new OutputFile(io.cwd, file, option);
    outputs.push(output);
    if (output.part) io.writing?.(output.part);
    return output;
  };
  try {
    const page = htmlFile(flags);
    const html = page === undefined ? undefined : open(page, '--html');
    const journal = flags.journal === undefined ? undefined : open(flags.journal, '--journal');
    const plan = await makePlan(files, flags, io);
    const report = await replayPlan(plan, { ...(delay ? { fleet: { delay } } : {}), ...tried }, flags, journal, io);
    html?.write(reportHtml(report));
    for (const output of outputs) output.keep();
    tell(report, page, flags, io);
  } finally {
    for (const output of outputs) output.discard();
  }
}

async function replayPlan(
  plan: Plan,
  more: Pick<ReplayInput, 'fleet' | 'sweep' | 'suggest'>,
  flags: Flags,
  journal: OutputFile | undefined,
  io: Io,
): Promise<ReplayReport> {
  const progress = new Progress(io, { from: plan.facts.first, to: plan.to });
  try {
    const { report } = await replay({
      config: plan.config,
      catalogue,
      title: plan.title,
      source: plan.source,
      from: plan.from,
      to: plan.to,
      ...more,
      ...(flags.closedLoop ? { closedLoop: closedLoopConfig.parse({}) } : {}),
      notes: plan.notes,
      ...(journal ? { onJournal: (line: string) => journal.write(`${line}\n`) } : {}),
      onProgress: (phase, step) => {
        io.signal.throwIfAborted();
        progress.step(phase, step);
      },
    });
    return report;
  } finally {
    progress.done();
  }
}

/** What of a sweep is asked for; what is mistyped is told before any work. */
function parseSweep(flags: Flags): Pick<ReplayInput, 'sweep' | 'suggest'> {
  if (flags.goal !== undefined && !flags.suggest) throw wrongUse('--goal', 'has no effect without --suggest', 'Add --suggest.');
  if (!flags.sweep && !flags.suggest) return {};
  if (flags.closedLoop) {
    const option = flags.suggest ? '--suggest' : '--sweep';
    throw wrongUse(option, 'in a closed loop the demand depends on who decides', 'Leave --closed-loop out.');
  }
  if (!flags.suggest) return { sweep: {} };
  const goal = flags.goal?.trim().replace(/ ?%$/, '');
  return { sweep: {}, suggest: numberOf(goal, '--goal', { above: 0, most: 100 }, 'a percentage, such as 0.5%') ?? OVERLOAD_GOAL };
}

/** Where the page goes; with --json only where one was asked for. */
function htmlFile(flags: Flags): string | undefined {
  if (typeof flags.html === 'string') return flags.html;
  return flags.html === false || flags.json ? undefined : REPORT;
}

function parseDelay(text: string): { p50: number; p90: number } {
  const [p50, p90, ...rest] = text.split(',').map((part) => parseDuration(part.trim()));
  if (p50 !== undefined && p90 !== undefined && p50 > 0 && p90 >= p50 && rest.length === 0) return { p50, p90 };
  throw wrongUse('--delay', `"${text}" is no pair of durations, median first`, 'Write the median and the 90 % quantile: 3m,8m.');
}

function tell(report: ReplayReport, page: string | undefined, flags: Flags, io: Io): void {
  if (flags.json) io.out(reportJson(report));
  else io.out(reportTerminal(report, { color: io.color, width: io.width }));
  if (page !== undefined) io.err(`report: ${shown(page, io)}\n`);
  if (flags.json) return;
  const hint = flags.journal
    ? `auspex explain --journal ${shown(flags.journal, io)} --changes`
    : 'add --journal decisions.ndjson, then `auspex explain --journal decisions.ndjson` says why';
  io.err(`next:   ${hint}\n`);
}

/** As short as a path can be written here. */
function shown(file: string, io: Io): string {
  const short = path.relative(io.cwd, path.resolve(io.cwd, file));
  return short === '' || short.startsWith('..') ? file : short;
}
