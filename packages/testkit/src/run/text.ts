import type { LawResult, Verdict } from './run.ts';

const MARK = { holds: '✓', broken: '✗', skipped: '-' } as const;

/** A verdict as `auspex check` prints it; plain text, a line a law. */
export function verdictText(verdict: Verdict): string {
  const width = Math.max(...verdict.results.map((result) => result.law.length));
  const lines = verdict.results.flatMap((result) => resultLines(result, width));
  const count = (outcome: LawResult['outcome']): number => verdict.results.filter((result) => result.outcome === outcome).length;
  const ms = verdict.results.reduce((sum, result) => sum + result.ms, 0);
  const sum = `${count('holds')} hold, ${count('broken')} broken, ${count('skipped')} skipped (${(ms / 1000).toFixed(1)} s)`;
  return [`${verdict.plugin} (${verdict.kind}) · ${verdict.results.length} laws`, ...lines, sum].join('\n');
}

function resultLines(result: LawResult, width: number): string[] {
  const line = `  ${MARK[result.outcome]} ${result.law.padEnd(width)}`;
  if (result.outcome === 'holds') return [`${line}  ${Math.round(result.ms)} ms`];
  if (result.outcome === 'skipped') return [`${line}  skipped: ${result.seen}`];
  return [line.trimEnd(), `      seen: ${result.seen}`, `      why:  ${result.why}`];
}
