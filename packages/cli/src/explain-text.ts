import { styleText } from 'node:util';
import type { Contribution, Decision, Hostility, JournalRecord, PoolSurge, StepOutcome, Surge } from '@auspex/contracts';
import { figure, hang, instant, plural } from './text.ts';

export interface TextOptions {
  readonly color: boolean;
  readonly width: number;
}

type Style = Parameters<typeof styleText>[0];

/** Surges that are told; the engine keeps at most five. */
const SHOWN = 3;

const rate = (value: number): string => `${figure(value)}/s`;

/** One decision as a person reads it, with what stands beside it in the journal, and what came of it where that is known. */
export function decisionText(
  decision: Decision,
  beside: readonly JournalRecord[],
  came: StepOutcome | undefined,
  { color, width }: TextOptions,
): string {
  const paint = (style: Style, text: string): string => (color ? styleText(style, text, { validateStream: false }) : text);
  const row = (name: string, text: string): string => hang(`  ${name.padEnd(10)}`, text, width);
  const { demand } = decision;
  const change =
    decision.units === decision.previous
      ? `stays at ${plural(decision.units, 'unit')}`
      : `${decision.previous} → ${plural(decision.units, 'unit')}`;
  const out = [
    `${paint('bold', `${decision.pool}  ${instant(decision.step)}  ${change}`)}${decision.shadow ? '  (shadow: nothing was ordered)' : ''}`,
    row('seen', `${rate(demand.actual)} in the last step`),
    row(
      'expected',
      `${rate(demand.expected)} at ${instant(demand.at)}, 80 % between ${rate(demand.low)} and ${rate(demand.high)}, by ${demand.by}${weightsText(demand.weights)}`,
    ),
  ];
  out.push(...(demand.leaders ?? []).map(({ text }, i) => row(i === 0 ? 'led by' : '', text)));
  if (demand.fallback !== undefined) out.push(row('fallback', demand.fallback));
  if (decision.surge) out.push(...poolSurgeRows(decision.surge, row));
  if (decision.hostility) out.push(...hostilityRows(decision.hostility, row));
  out.push(...surgeRows(decision.surges, row));
  out.push(...trailRows(decision, paint, width));
  for (const record of beside) out.push(...besideRows(record, decision, (text) => paint('yellow', text), row));
  if (came) out.push(row('came', cameText(came)));
  out.push(paint('dim', row('made by', `config ${decision.configHash}, state ${decision.stateHash}`)));
  return `${out.join('\n')}\n`;
}

/** What came of the step that the decision was for. */
function cameText({ step, truth, demand, needed, ready, assumed }: StepOutcome): string {
  const when = `at ${instant(step)}`;
  if (truth === 'missing') return `nothing is known of the demand ${when}`;
  const least = truth === 'censored' ? 'at least ' : '';
  const masked = truth === 'masked' ? ' (masked: not learnt from)' : '';
  return `${least}${rate(demand)} ${when}${masked}, which needed ${least}${plural(needed, 'unit')}; ${ready} ${assumed ? 'would have been' : ready === 1 ? 'was' : 'were'} ready`;
}

/** The pool as a whole: what speaks for and against a surge of it, in log-odds. */
function poolSurgeRows(surge: PoolSurge, row: (name: string, text: string) => string): string[] {
  const { probability, exposure = 0, reference, from, to, contributions } = surge;
  const chance = `${(100 * probability).toFixed(probability < 0.1 ? 1 : 0)} %`;
  const first = `${chance} for more than a reactive autoscaler would have ready, ${rate(reference)}, between ${instant(from)} and ${instant(to)}`;
  const sooner =
    exposure >= 0.005 ? [row('', `${(100 * exposure).toFixed(exposure < 0.1 ? 1 : 0)} % for that before an order of now could help`)] : [];
  return [row('risk', first), ...sooner, ...contributionRows(contributions, row)];
}

/** Attack, or audience: what a detector made of the surge. */
function hostilityRows({ probability, text, contributions }: Hostility, row: (name: string, text: string) => string): string[] {
  const chance = probability === undefined ? 'nobody can say' : `${(100 * probability).toFixed(probability < 0.1 ? 1 : 0)} %`;
  return [row('attack', `${chance}: ${text}`), ...contributionRows(contributions, row)];
}

function contributionRows(contributions: readonly Contribution[], row: (name: string, text: string) => string): string[] {
  return contributions
    .filter((part) => Math.abs(part.amount) >= 0.005)
    .map((part) => row('', `  ${part.of} ${part.amount > 0 ? '+' : ''}${part.amount.toFixed(2)}: ${part.text}`));
}

/** Only what may be a surge; of a quiet pool one line. */
function surgeRows(surges: readonly Surge[], row: (name: string, text: string) => string): string[] {
  const told = surges.filter((surge) => surge.probability >= 0.005).slice(0, SHOWN);
  if (told.length === 0) return surges.length === 0 ? [] : [row('groups', 'none is above what is expected of it')];
  return told.flatMap((surge, i) => [
    row(i === 0 ? 'groups' : '', `${surge.group}: score ${surge.score.toFixed(2)}`),
    ...contributionRows(surge.contributions, row),
  ]);
}

function trailRows(decision: Decision, paint: (style: Style, text: string) => string, width: number): string[] {
  const units = Math.max(...decision.trail.map((reason) => String(reason.units).length), 1);
  const by = Math.max(...decision.trail.map((reason) => reason.by.length), 1);
  return decision.trail.map((reason, i) => {
    const head = `  ${(i === 0 ? 'trail' : '').padEnd(10)}${String(reason.units).padStart(units)}  ${reason.by.padEnd(by)}  `;
    return hang(head, reason.text, width).replace(reason.by, paint('cyan', reason.by));
  });
}

function besideRows(
  record: JournalRecord,
  decision: Decision,
  warn: (text: string) => string,
  row: (name: string, text: string) => string,
): string[] {
  if (record.step !== decision.step) return [];
  if (record.type === 'receipt' && record.receipt.pool === decision.pool) {
    const { status, units, ready, detail } = record.receipt;
    return [row('receipt', `${status}: ${plural(units, 'unit')} ordered, ${ready} ready${detail ? ` (${detail})` : ''}`)];
  }
  if (record.type === 'failure') {
    const { stage, plugin, subject, message, fallback } = record.failure;
    return [warn(row('failure', `${stage}(${plugin}) for ${subject}: ${message}; ${fallback}`))];
  }
  if (record.type === 'anomaly' && record.series === `pool:${decision.pool}`) {
    const { score, cause } = record.anomaly;
    return score > 0 ? [row('anomaly', `${record.by}: ${cause}, score ${score.toPrecision(5)}`)] : [];
  }
  if (record.type === 'alert' && (record.alert.labels['pool'] ?? decision.pool) === decision.pool) {
    const { status, severity, summary, labels } = record.alert;
    return [warn(row('alert', `${labels['rule']} ${status === 'firing' ? severity : 'is over'}: ${summary}`))];
  }
  return record.type === 'notice' ? [row('notice', `${record.code}: ${record.text}`)] : [];
}

/** Who is behind an ensemble's forecast, heaviest first. */
function weightsText(weights: Readonly<Record<string, number>> | undefined): string {
  const parts = Object.entries(weights ?? {})
    .sort((a, b) => b[1] - a[1])
    .map(([name, weight]) => `${name} ${weight.toFixed(2)}`);
  return parts.length > 0 ? ` (${parts.join(', ')})` : '';
}
