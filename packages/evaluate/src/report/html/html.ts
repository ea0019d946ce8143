import { formatDuration } from '@auspex/contracts';
import type { ReplayReport } from '../types.ts';
import { CHART } from './client/chart.ts';
import { DATA } from './client/data.ts';
import { PAGE } from './client/page.ts';
import { SWEEP } from './client/sweep.ts';
import { escapeHtml, scriptJson } from './escape.ts';
import { forecastFacts, headline } from './page/head.ts';
import { weeklyHeat } from './page/heat.ts';
import { scatter } from './page/scatter.ts';
import { STYLE } from './page/style.ts';
import { surgeSection } from './page/surge.ts';
import { sweepSection } from './page/sweep.ts';
import { policyTable } from './page/table.ts';
import { payload } from './payload.ts';
import { uplotAssets } from './uplot.ts';

/** Policies whose supply is drawn at first: the subject and what it is compared with. */
const FIRST = 2;

/**
 * A replay as one HTML file: script, style and data are inside, nothing is loaded from anywhere. It keeps below 5 MB;
 * where the traces are longer, neighbouring steps are drawn as one and the page says so.
 */
export function reportHtml(report: ReplayReport): string {
  const uplot = uplotAssets();
  const { payload: data, thinned } = payload(report);
  const notes = thinned === 1 ? report.notes : [...report.notes, thinNote(report, thinned)];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${escapeHtml(report.title)}</title>
<style>${uplot.style}
${STYLE}</style>
</head>
<body>
<main>
${headline(report)}
<section><h2>Policies</h2>${policyTable(report)}</section>
${demandSection(report)}
${fanSection(report)}
<section><h2>Cost against overload</h2><p class="small">Down and to the left is better. What moves along a line trades one for the other.</p>${scatter(report)}</section>
${report.sweep ? sweepSection(report.sweep, report.suggestion) : ''}
${report.surge ? surgeSection(report.surge) : ''}
${report.profiles && report.profiles.length > 0 ? `<section id="weeks"><h2>The week of each group</h2><p class="small">Expected requests by hour of the local week, darkest at the group's own busiest hour.</p>${weeklyHeat(report.profiles)}</section>` : ''}
<section><h2>Notes</h2>${notes.length > 0 ? `<ul class="notes">${notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('')}</ul>` : '<p>None.</p>'}</section>
</main>
<script type="application/json" id="data">${scriptJson(data)}</script>
<script>${uplot.script}</script>
<script>(() => { 'use strict';${DATA}${CHART}${report.sweep ? SWEEP : 'const sweepChart = () => undefined;'}${PAGE}})();</script>
</body>
</html>
`;
}

function demandSection(report: ReplayReport): string {
  const options = (report.runs[0]?.pools ?? []).map(
    (trace, i) => `<option value="${i}">${escapeHtml(`${trace.pool} @ ${trace.pop}`)}</option>`,
  );
  const boxes = report.runs.map(
    (run, i) =>
      `<label><input type="checkbox" id="run-${i}"${i < FIRST ? ' checked' : ''}><i class="swatch s${i % 8}"></i>${escapeHtml(run.label)}</label>`,
  );
  return `<section><h2>Need against supply</h2>
<div class="controls"><label>Pool <select id="pool">${options.join('')}</select></label><span class="controls" role="group" aria-label="Policies drawn">${boxes.join('')}</span></div>
<div class="chart" id="demand-chart" tabindex="0" role="img" aria-label="Units needed and units ready over time. Arrow keys move, plus and minus zoom, 0 shows all."></div>
<p class="small keys"><span><i class="key k1"></i>surge probability above 0.3</span><span><i class="key k2"></i>above 0.7</span><span><i class="key kh"></i>censored: demand is a lower bound</span><span>Drag to zoom, double click to reset; keys: arrows, +, -, 0.</span></p></section>`;
}

function fanSection(report: ReplayReport): string {
  return `<section id="fan"><h2>Forecast, one lead time ahead</h2>
<div class="chart" id="fan-chart" tabindex="0" role="img" aria-label="Forecast quantiles and actual rate over time. Arrow keys move, plus and minus zoom, 0 shows all."></div>
<p class="small keys"><span><i class="key kb"></i>80 of 100 outcomes should lie in this band</span><span><i class="key kh"></i>censored</span></p>${report.forecast ? forecastFacts(report.forecast) : ''}</section>`;
}

function thinNote(report: ReplayReport, by: number): string {
  const each = formatDuration(report.generatedFrom.stepMs * by);
  return `To keep this file small the charts draw ${by} steps (${each}) as one, with the highest demand and the lowest supply of them; all metrics use every step.`;
}
