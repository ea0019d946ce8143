import { METRICS } from '../../../metrics/catalogue.ts';
import type { ReplayReport } from '../../types.ts';
import { baselineOf, costAgainst, signed } from '../../verdict.ts';
import { escapeHtml } from '../escape.ts';

/** Every metric of every policy. The least value of a column is set in bold: lower is better in each. */
export function policyTable(report: ReplayReport): string {
  const baseline = baselineOf(report);
  const best = new Map(METRICS.map(({ key }) => [key, Math.min(...report.runs.map((run) => run.metrics[key]).filter(Number.isFinite))]));
  const head = METRICS.map(
    ({ key, label, symbol, explain }) =>
      `<th scope="col" data-metric="${key}" title="${escapeHtml(explain)}">${escapeHtml(label)}${symbol ? ` <span class="symbol">${symbol}</span>` : ''}</th>`,
  );
  const rows = report.runs.map((run, i) => {
    const cells = METRICS.map(({ key, format }) => {
      const value = run.metrics[key];
      return `<td${report.runs.length > 1 && value === best.get(key) ? ' class="best"' : ''}>${escapeHtml(format(value))}</td>`;
    });
    const against = run === baseline ? 'baseline' : signed(costAgainst(run, baseline));
    return `<tr><th scope="row"><i class="swatch s${i % 8}"></i>${escapeHtml(run.label)}</th>${cells.join('')}<td>${escapeHtml(against)}</td></tr>`;
  });
  const versus = `<th scope="col" data-metric="against">Cost vs ${escapeHtml(baseline?.label ?? 'baseline')}</th>`;
  const terms = METRICS.map(
    ({ label, symbol, explain }) => `<dt>${escapeHtml(label)}${symbol ? ` (${symbol})` : ''}</dt><dd>${escapeHtml(explain)}</dd>`,
  );
  return `<div class="scroll" tabindex="0" role="region" aria-label="Metrics of every policy"><table id="policies">
<thead><tr><th scope="col">Policy</th>${head.join('')}${versus}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>
<p class="small">Lower is better everywhere; the lowest of a column is bold. No single column is a score: holding nothing costs nothing.</p>
<details><summary>What each column means</summary><dl class="terms">${terms.join('')}</dl></details>`;
}
