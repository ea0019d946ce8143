import { figure } from '../metrics/catalogue.ts';
import type { SurgeAssessment } from '../surge/assess.ts';
import type { Interval } from '../surge/bootstrap.ts';
import type { SurgeScore } from '../surge/scores.ts';
import type { Warnings } from '../surge/warnings.ts';

/** How good surge probabilities were, as lines. */
export function surgeLines(surge: SurgeAssessment): string[] {
  if (!surge.assessable) return [`Surge probabilities: ${surge.why}.`];
  const { episodes, steps, baseRate } = surge;
  return [
    `Surge probabilities: ${figure(episodes, 0)} episodes, ${figure(100 * baseRate, 2)} % of ${figure(steps, 0)} steps before one`,
    scoreLine('Brier', surge.brier),
    scoreLine('log score', surge.log),
    ...surge.warnings.map(warningLine),
  ];
}

function scoreLine(name: string, { value, overClimatology, overLogistic }: SurgeScore): string {
  return `  ${name} ${figure(value, 4)}; better than the hour of the week by ${skill(overClimatology)}, than use and slope by ${skill(overLogistic)}`;
}

/** A skill with its interval, in %. */
export function skill({ value, low, high }: Interval): string {
  const percent = (share: number): string => figure(100 * share, 1);
  return `${percent(value)} % (${percent(low)} to ${percent(high)})`;
}

/** What warning at a threshold is worth, as a sentence. */
export function warningLine({ allowed, falseAlarms, threshold, recall, leadMinutes }: Warnings): string {
  const at = `  at most ${figure(allowed, 0)} false alarm${allowed === 1 ? '' : 's'} a pool and week: `;
  if (Number.isNaN(threshold)) return `${at}no threshold foresees any episode`;
  const foreseen = `threshold ${figure(threshold, 3)} (chosen on these data) foresees ${figure(100 * recall, 0)} %`;
  return `${at}${foreseen}, ${figure(leadMinutes.median, 0)} min before (a tenth less than ${figure(leadMinutes.p10, 0)}), with ${figure(falseAlarms, 1)} of them`;
}
