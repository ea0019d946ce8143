import { formatDuration } from '@auspex/contracts';
import { figure } from '../../../metrics/catalogue.ts';
import type { SweepFigures } from '../../../sweep/figures.ts';
import type { Suggestion } from '../../../sweep/suggest.ts';
import type { Sweep } from '../../../sweep/sweep.ts';
import { suggestionLines } from '../../../sweep/text.ts';
import { escapeHtml } from '../escape.ts';

const HEAD = ['Overload %', 'Longest', 'Unit-hours', 'Cost', 'Idle hours', 'Short hours'];

/** Cost against overload of everything that the sweep tried, what each price buys, and the suggestion. */
export function sweepSection(swept: Sweep, suggestion: Suggestion | undefined): string {
  const byCost = [...swept.points].sort((a, b) => a.whole.cost - b.whole.cost);
  const rows = byCost.map((point) => [point.label, ...cells(point.whole)]);
  const best = byCost.filter((point) => point.frontier).map((point) => [point.label, ...cells(point.whole)]);
  const prices = swept.prices.flatMap(({ price, auspex, tuned, hindsight }) => [
    [`Price ${price}: Auspex`, ...cells(auspex.figures), hours(auspex.total)],
    [`tuned before: ${tuned.label}`, ...cells(tuned.figures), hours(tuned.total)],
    [`in hindsight: ${hindsight.label}`, ...cells(hindsight.figures), hours(hindsight.total)],
  ]);
  const since = new Date(swept.half).toISOString().slice(0, 16).replace('T', ' ');
  return `<section id="sweep"><h2>What a price buys, and what an HPA</h2>
<p class="small">Each dot is one policy on the same demand; down and to the left is better. Lines join what no other of its kind beats. Overload is drawn by its root. Hover, or arrow keys, for a dot's numbers.</p>
<div class="chart" id="sweep-chart" tabindex="0" role="img" aria-label="Cost against overload of ${swept.points.length} candidates. Arrow keys go from dot to dot."></div>
<p class="small keys"><span><i class="mark full"></i>Auspex: a price, with and without the reactive floor</span><span><i class="mark open"></i>HPA: targets, stabilisation windows, minima</span></p>
<p class="tip" id="sweep-tip" role="status"></p>
${suggestion ? suggestionPart(suggestion) : ''}
<h3>Beaten by none</h3>${table(['Candidate', ...HEAD], best, 'sweep-frontier')}
<h3>By price of an hour short against an hour idle</h3>
<p class="small">From ${since} UTC on; total = idle + price x short hours. The tuned HPA is the one of all that was cheapest before; in hindsight, the one that is cheapest here.</p>${table(['Policy', ...HEAD, 'Total'], prices, 'sweep-prices')}
<details><summary>All ${swept.points.length} candidates</summary>${table(['Candidate', ...HEAD], rows, 'sweep-all')}</details>
<ul class="notes">${swept.notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('')}</ul></section>`;
}

function suggestionPart(suggestion: Suggestion): string {
  const lines = suggestionLines(suggestion);
  const snippet = suggestion.verdict === 'suggested' ? suggestion.snippet : undefined;
  // The snippet's lines are the indented ones.
  const prose = snippet === undefined ? lines : lines.filter((line) => !line.startsWith('  '));
  const text = prose.map((line) => `<p>${escapeHtml(line.trim())}</p>`);
  const [first = '', ...rest] = text;
  return `<div id="suggestion">${first}${snippet === undefined ? '' : `<pre>${escapeHtml(snippet)}</pre>`}${rest.join('')}</div>`;
}

function cells({ overload, longestMs, unitHours, cost, idleHours, shortHours }: SweepFigures): string[] {
  return [figure(overload, 2), formatDuration(longestMs), hours(unitHours), hours(cost), hours(idleHours), hours(shortHours)];
}

function hours(value: number): string {
  return figure(value, value >= 1000 ? 0 : 1);
}

function table(head: readonly string[], rows: readonly (readonly string[])[], id: string): string {
  const cell = (text: string, i: number): string => (i === 0 ? `<th scope="row">${escapeHtml(text)}</th>` : `<td>${escapeHtml(text)}</td>`);
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(head[0] ?? '')}"><table id="${id}"><thead><tr>${head.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join('')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('\n')}</tbody></table></div>`;
}
