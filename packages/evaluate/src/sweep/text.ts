import { formatDuration } from '@auspex/contracts';
import { figure } from '../metrics/catalogue.ts';
import { wrap } from '../report/wrap.ts';
import type { SweepFigures } from './figures.ts';
import type { Suggestion } from './suggest.ts';
import type { Sweep } from './sweep.ts';

const HEAD = ['Overload %', 'Longest', 'Unit-hours', 'Idle h', 'Short h'];

/** A sweep as lines: what nothing tried is better than, and what each price buys in the second half. */
export function sweepLines(swept: Sweep, width: number): string[] {
  const best = swept.points.filter((point) => point.frontier).sort((a, b) => a.whole.cost - b.whole.cost);
  const use = `${figure(100 * swept.goal, 0)} %`;
  const counted = `${swept.points.length} candidates`;
  const since = `${new Date(swept.half).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return [
    ...wrap(`Cost against overload: of ${counted}, those that no other beats (need at ${use} use, whole span)`, width),
    ...table(best.map(({ label, whole }) => [label, ...cells(whole)])),
    '',
    ...wrap(
      `By price of an hour short against an hour idle, from ${since} on: total = idle + price x short hours. The HPA is the one of all targets, windows and minima that was cheapest before; in hindsight, the one that is cheapest there.`,
      width,
    ),
    ...table(
      swept.prices.flatMap(({ price, auspex, tuned, hindsight }) => [
        [`${price}: Auspex`, ...cells(auspex.figures), total(auspex.total)],
        [`   tuned ${tuned.label}`, ...cells(tuned.figures), total(tuned.total)],
        [`   hindsight ${hindsight.label}`, ...cells(hindsight.figures), total(hindsight.total)],
      ]),
      'Total',
    ),
  ];
}

/** A suggestion as lines; its snippet is indented by two. */
export function suggestionLines(suggestion: Suggestion): string[] {
  const { goal, hpa, remarks } = suggestion;
  const aim = `at most ${figure(goal, 2)} % of requests in overloaded steps`;
  const lines: string[] = [];
  if (suggestion.verdict === 'suggested') {
    const { auspex, snippet } = suggestion;
    lines.push(
      `Suggested for ${aim}: ${auspex.label}`,
      ...snippet
        .trimEnd()
        .split('\n')
        .map((line) => `  ${line}`),
    );
    lines.push(`Held out: ${told(auspex.heldOut)}; when chosen: ${told(auspex.tuned)}.`);
  } else if (suggestion.verdict === 'hpa') {
    lines.push(`For ${aim} the HPA is the better choice here: ${suggestion.why}.`);
    if (suggestion.auspex) lines.push(`${suggestion.auspex.label}, held out: ${told(suggestion.auspex.heldOut)}.`);
  } else {
    lines.push(`Nothing to suggest yet for ${aim}:`, ...suggestion.reasons.map((reason) => `  ${reason}.`));
  }
  if (hpa) lines.push(`${hpa.label}, chosen in the same way, held out: ${told(hpa.heldOut)}${hpa.meets ? '' : ', which misses the goal'}.`);
  else lines.push('No HPA of the grid kept to the goal in the first half.');
  return [...lines, ...remarks];
}

function told({ overload, cost, longestMs }: SweepFigures): string {
  return `${figure(overload, 2)} % overload, longest ${formatDuration(longestMs)}, cost ${total(cost)}`;
}

function cells({ overload, longestMs, unitHours, idleHours, shortHours }: SweepFigures): string[] {
  return [figure(overload, 2), formatDuration(longestMs), total(unitHours), total(idleHours), total(shortHours)];
}

function total(hours: number): string {
  return figure(hours, hours >= 1000 ? 0 : 1);
}

function table(rows: readonly (readonly string[])[], ...more: readonly string[]): string[] {
  const head = ['Policy', ...HEAD, ...more];
  const widths = head.map((text, c) => Math.max(text.length, ...rows.map((row) => (row[c] ?? '').length)));
  const write = (cells: readonly string[]): string =>
    cells.map((text, c) => (c === 0 ? text.padEnd(widths[c] as number) : text.padStart(widths[c] as number))).join('  ');
  return [write(head), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(write)];
}
