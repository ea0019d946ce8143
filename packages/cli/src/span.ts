import type { TraceFacts } from './inspect.ts';
import { instant } from './text.ts';
import { timeOf, wrongUse } from './values.ts';

export interface SpanFlags {
  readonly from?: string;
  readonly to?: string;
}

const DAY_MS = 86_400_000;
const REMEDY = 'Let --from lie before --to and both inside the trace; shares such as 60% always do';

/** The measured span: by default the last 40 % of the trace, from the start of a day where the trace has several. */
export function measuredSpan(flags: SpanFlags, facts: Pick<TraceFacts, 'first' | 'end' | 'stepMs'>): { from: number; to: number } {
  const { first, end, stepMs } = facts;
  const usual = first + 0.6 * (end - first);
  const nextDay = Math.ceil(usual / DAY_MS) * DAY_MS;
  const from = place(flags.from, '--from', facts) ?? (end - first > 5 * DAY_MS ? nextDay : Math.round(usual / stepMs) * stepMs);
  const to = place(flags.to, '--to', facts) ?? end;
  const trace = `the trace goes from ${instant(first)} to ${instant(end)}`;
  if (from >= end) throw wrongUse('--from', `${instant(from)} is not before the end: ${trace}`, `${REMEDY}.`);
  if (to <= first) throw wrongUse('--to', `${instant(to)} is not after the beginning: ${trace}`, `${REMEDY}.`);
  if (from >= to) throw wrongUse('--from', `${instant(from)} is not before --to, ${instant(to)}`, `${REMEDY}.`);
  return { from: Math.max(from, first), to: Math.min(to, end) };
}

function place(
  text: string | undefined,
  option: string,
  { first, end, stepMs }: Pick<TraceFacts, 'first' | 'end' | 'stepMs'>,
): number | undefined {
  if (text === undefined) return undefined;
  const share = /^(\d+(?:\.\d+)?) ?%$/.exec(text)?.[1];
  const at =
    share === undefined ? timeOf(text, option, ', or as a share of the trace such as 60%') : first + ((end - first) * Number(share)) / 100;
  return Math.round(at / stepMs) * stepMs;
}
