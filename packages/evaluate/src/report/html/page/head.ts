import { formatDuration } from '@auspex/contracts';
import { figure } from '../../../metrics/catalogue.ts';
import type { ForecastMetrics } from '../../../metrics/forecast.ts';
import type { ReplayReport } from '../../types.ts';
import { comparisons, verdict } from '../../verdict.ts';
import { escapeHtml } from '../escape.ts';

/** What was replayed, when, and the outcome in a sentence. */
export function headline(report: ReplayReport): string {
  const from = report.generatedFrom;
  const facts: [string, string][] = [
    ['Source', report.source],
    ['Measured', `${instant(from.from)} to ${instant(from.to)}`],
    ['Steps', `${figure(from.steps, 0)} of ${formatDuration(from.stepMs)}`],
    ['Trained on', `data before ${instant(from.trainUntil)}`],
    ['Groups, pools', `${figure(from.groups, 0)}, ${figure(from.pools, 0)}`],
    ['Zone', from.zone],
    ['Seed, config', `${from.seed}, ${from.configHash}`],
  ];
  return `<header><p class="brand">Auspex replay</p><h1>${escapeHtml(report.title)}</h1><p class="verdict">${escapeHtml([verdict(report), ...comparisons(report)].join(' '))}</p>
<dl class="facts">${facts.map(([name, text]) => `<div><dt>${name}</dt><dd>${escapeHtml(text)}</dd></div>`).join('')}</dl></header>`;
}

/** How good the forecasts at the lead time were. */
export function forecastFacts(metrics: ForecastMetrics): string {
  const facts: [string, string, string][] = [
    ['Weighted quantile loss', figure(metrics.wql, 3), '0 is perfect'],
    ['80 % interval covers', `${figure(metrics.coverage80, 1)} %`, '80 is right'],
    ['Error of the median (WAPE)', `${figure(metrics.wape, 1)} %`, 'of demand'],
    ["Against last season's value (MASE)", figure(metrics.mase, 2), 'below 1 is better than repeating it'],
  ];
  return `<dl class="facts">${facts.map(([name, value, hint]) => `<div><dt>${escapeHtml(name)}</dt><dd>${value} <small>${hint}</small></dd></div>`).join('')}</dl>`;
}

function instant(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
