import { styleText } from 'node:util';
import { METRICS } from '../metrics/catalogue.ts';
import { suggestionLines, sweepLines } from '../sweep/text.ts';
import { sparkline } from './sparkline.ts';
import { surgeLines } from './surge.ts';
import type { PoolTrace, ReplayReport } from './types.ts';
import { baselineOf, comparisons, costAgainst, signed, verdict } from './verdict.ts';
import { wrap } from './wrap.ts';

export interface TerminalOptions {
  /** Colours; the caller knows whether it writes to a terminal and what NO_COLOR says. */
  readonly color: boolean;
  /** Columns to write at most. Pool names and sparklines shrink to fit; the table needs about 80. */
  readonly width: number;
}

type Style = Parameters<typeof styleText>[0];
const SHOWN = ['overload', 'longestMs', 'lost', 'unitHours', 'cost'] as const;

/** A replay as text: verdict, table of policies, demand against supply of each pool, notes. Ends with a line break. */
export function reportTerminal(report: ReplayReport, options: TerminalOptions): string {
  const paint = (style: Style, text: string): string => (options.color ? styleText(style, text, { validateStream: false }) : text);
  const lines = [
    paint('bold', report.title),
    ...wrap(`${report.source}: ${span(report)}`, options.width).map((line) => paint('dim', line)),
    '',
    verdict(report),
    ...comparisons(report),
    '',
    ...table(report, paint),
    '',
    ...wrap(legend(), options.width).map((line) => paint('dim', line)),
    '',
    ...section(report.surge && surgeLines(report.surge).flatMap((line) => hang(line, options.width))),
    ...section(report.sweep && sweepLines(report.sweep, options.width)),
    ...section(report.suggestion && suggestionLines(report.suggestion).flatMap((line) => hang(line, options.width))),
    ...pools(report, options.width, paint),
  ];
  for (const note of [...report.notes, ...(report.sweep?.notes ?? [])])
    lines.push(...wrap(`note: ${note}`, options.width).map((line) => paint('dim', line)));
  return `${lines.join('\n')}\n`;
}

/** A line that keeps its indent where it is wrapped. */
function hang(line: string, width: number): string[] {
  const indent = ' '.repeat(line.length - line.trimStart().length);
  return wrap(line.trimStart(), width - indent.length).map((part) => indent + part);
}

/** Lines of a section with an empty one after them; nothing of one that there is not. */
function section(lines: readonly string[] | undefined): string[] {
  return lines ? [...lines, ''] : [];
}

function span({ generatedFrom: from }: ReplayReport): string {
  const day = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return `${from.steps} steps, ${day(from.from)} to ${day(from.to)}, ${counted(from.groups, 'group')}, ${counted(from.pools, 'pool')}, seed ${from.seed}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function table(report: ReplayReport, paint: (style: Style, text: string) => string): string[] {
  const baseline = baselineOf(report);
  const columns = SHOWN.map((key) => METRICS.find((entry) => entry.key === key) as (typeof METRICS)[number]);
  const head = ['Policy', ...columns.map((entry) => entry.label), baseline ? `Cost vs ${baseline.name}` : 'Cost vs -'];
  const rows = report.runs.map((run) => [
    run.label,
    ...columns.map((entry) => entry.format(run.metrics[entry.key])),
    run === baseline ? '' : signed(costAgainst(run, baseline)),
  ]);
  const widths = head.map((text, c) => Math.max(text.length, ...rows.map((row) => (row[c] as string).length)));
  const write = (cells: readonly string[]): string =>
    cells.map((text, c) => (c === 0 ? text.padEnd(widths[c] as number) : text.padStart(widths[c] as number))).join('  ');
  return [
    paint('bold', write(head)),
    paint('dim', widths.map((width) => '─'.repeat(width)).join('  ')),
    ...rows.map((row, i) => (i === 0 ? paint('green', write(row)) : write(row))),
  ];
}

function legend(): string {
  return SHOWN.map((key) => METRICS.find((entry) => entry.key === key) as (typeof METRICS)[number])
    .map((entry) => `${entry.label}: ${entry.explain}`)
    .join(' · ');
}

function pools(report: ReplayReport, width: number, paint: (style: Style, text: string) => string): string[] {
  const subject = report.runs[0]?.pools ?? [];
  const name = Math.min(30, Math.max(12, ...subject.map((trace) => title(trace).length)));
  const room = Math.max(10, width - name - 9);
  return subject.flatMap((trace) => {
    const top = Math.max(highest(trace.demand), highest(trace.supply));
    return [
      `${title(trace).slice(0, name).padEnd(name)} demand ${paint('yellow', sparkline(trace.demand, room, top))}`,
      `${`0..${top} units`.slice(0, name).padEnd(name)} supply ${paint('cyan', sparkline(trace.supply, room, top))}`,
      '',
    ];
  });
}

/** The highest known value, at least 0. */
function highest(values: Float64Array): number {
  return values.reduce((max, value) => (Number.isNaN(value) ? max : Math.max(max, value)), 0);
}

function title(trace: PoolTrace): string {
  return trace.pop === '*' ? trace.pool : `${trace.pool} @ ${trace.pop}`;
}
