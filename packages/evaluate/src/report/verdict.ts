import { figure } from '../metrics/catalogue.ts';
import type { PolicyRun, ReplayReport } from './types.ts';

/** The run that others are compared with; undefined where there is none. */
export function baselineOf(report: ReplayReport): PolicyRun | undefined {
  return report.runs.find((run) => run.name === (report.baseline ?? 'reactive'));
}

/** Cost relative to the baseline, in %: -12 = 12 % cheaper. NaN without a baseline. */
export function costAgainst(run: PolicyRun, baseline: PolicyRun | undefined): number {
  const cost = baseline?.metrics.cost ?? Number.NaN;
  return cost > 0 ? (100 * (run.metrics.cost - cost)) / cost : Number.NaN;
}

/** `+3.2 %`, `-12.0 %`, `-` where there is nothing to compare. */
export function signed(percent: number): string {
  return Number.isFinite(percent) ? `${percent > 0 ? '+' : ''}${figure(percent, 1)} %` : '-';
}

/** The replay in one sentence, without praise: the two numbers that trade against each other, for subject and baseline. */
export function verdict(report: ReplayReport): string {
  const [subject] = report.runs;
  if (!subject) return 'No policy was run.';
  const baseline = baselineOf(report);
  const other = baseline === undefined || baseline === subject ? '' : `; ${baseline.label}: ${short(baseline)}`;
  return `${subject.label}: ${figure(subject.metrics.overload, 2)} % of requests in overloaded steps at ${hours(subject)} unit-hours${other}.`;
}

/** How near two costs must be to count as the same money. */
const SAME_MONEY = 0.15;

/**
 * What a reader would ask next, where it can be said: how the baseline's kind does for about the subject's money, and
 * which plain policy is cheaper and no worse.
 */
export function comparisons(report: ReplayReport): string[] {
  const [subject] = report.runs;
  if (!subject) return [];
  const { cost, overload } = subject.metrics;
  const lines: string[] = [];
  const [nearest] = report.frontier
    .filter((point) => point.policy === (report.baseline ?? 'reactive') && Math.abs(point.cost - cost) <= SAME_MONEY * cost)
    .sort((a, b) => Math.abs(a.cost - cost) - Math.abs(b.cost - cost));
  if (nearest) lines.push(`For about the same money, ${nearest.label} has ${figure(nearest.overload, 2)} %.`);
  for (const run of report.runs.slice(1)) {
    if (run.name === 'oracle' || run.metrics.cost >= cost || run.metrics.overload > overload + 1) continue;
    lines.push(`${run.label} is cheaper here (${hours(run)} unit-hours) at ${figure(run.metrics.overload, 2)} %.`);
  }
  return lines;
}

function short(run: PolicyRun): string {
  return `${figure(run.metrics.overload, 2)} % at ${hours(run)}`;
}

function hours(run: PolicyRun): string {
  return figure(run.metrics.unitHours, run.metrics.unitHours >= 1000 ? 0 : 1);
}
