// The score of the Numenta Anomaly Benchmark (Lavin & Ahmad 2015) over a set of its files: of each profile the one threshold for all files that is best.
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const PROFILES = ['standard', 'reward_low_FP_rate', 'reward_low_FN_rate'] as const;
export type NabScore = Readonly<Record<(typeof PROFILES)[number], number>>;

interface Weights {
  readonly tpWeight: number;
  readonly fpWeight: number;
  readonly fnWeight: number;
}

/** A row that counts: its score, what it is worth unweighted, and its window; -1 = outside. */
interface Judged {
  readonly score: number;
  readonly worth: number;
  readonly window: number;
}

/** Of all files and of each category. */
export function nabScores(results: string, nab: string): ReadonlyMap<string, NabScore> {
  const read = <T>(file: string): T => JSON.parse(readFileSync(path.join(nab, file), 'utf8')) as T;
  const windows = Object.entries(read<Record<string, [string, string][]>>('labels/combined_windows.json'));
  const profiles = read<Record<string, { CostMatrix: Weights }>>('profiles.json');
  const categories = new Set(windows.map(([file]) => path.dirname(file)));
  const of = (chosen: typeof windows): NabScore => {
    const count = chosen.reduce((sum, [, own]) => sum + own.length, 0);
    let first = 0;
    const rows = chosen.flatMap(([file, own]) => {
      const judged = judge(path.join(results, file), own, first);
      first += own.length;
      return judged;
    });
    rows.sort((a, b) => b.score - a.score);
    const scored = PROFILES.map((profile) => [profile, best(rows, count, (profiles[profile] as { CostMatrix: Weights }).CostMatrix)]);
    return Object.fromEntries(scored) as unknown as NabScore;
  };
  return new Map([
    ['all', of(windows)],
    ...[...categories].map((category) => [category, of(windows.filter(([file]) => path.dirname(file) === category))] as const),
  ]);
}

export function nabText(scores: ReadonlyMap<string, NabScore>): string {
  const told = (own: NabScore): string =>
    Number.isNaN(own.standard) ? 'nothing to find' : PROFILES.map((profile) => own[profile].toFixed(2)).join(' / ');
  const head = 'NAB score, standard / low FP / low FN; each line at thresholds of its own';
  return [head, ...[...scores].map(([name, own]) => `  ${name.padEnd(24)} ${told(own)}`)].join('\n');
}

const sigmoid = (x: number): number => (x > 3 ? -1 : 2 / (1 + Math.exp(5 * x)) - 1);
/** What the first row of a window is worth. */
const MOST = 2 / (1 + Math.exp(-5)) - 1;

function judge(file: string, windows: readonly (readonly [string, string])[], first: number): Judged[] {
  const [head = '', ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
  const column = head.split(',').indexOf('anomaly_score');
  const cells = lines.map((line) => line.split(','));
  const times = cells.map(([time = '']) => Date.parse(`${time.replace(' ', 'T')}Z`));
  const worth = new Float64Array(lines.length).fill(-1);
  const inside = new Int32Array(lines.length).fill(-1);
  const spans = windows.map(([from, to]) => [from, to].map((time) => times.indexOf(Date.parse(`${time.slice(0, 19).replace(' ', 'T')}Z`))));
  for (const [index, [from = 0, to = 0]] of spans.entries()) {
    const width = to - from + 1;
    for (let i = from; i <= to; i++) [worth[i], inside[i]] = [sigmoid(-(to - i + 1) / width), first + index];
    const end = spans[index + 1]?.[0] ?? lines.length;
    for (let i = to + 1; i < end; i++) worth[i] = sigmoid((i - to) / (width - 1));
  }
  // The first rows are for learning.
  const from = Math.min(Math.floor(0.15 * lines.length), 750);
  return cells.map((row, i) => ({ score: Number(row[column]), worth: worth[i] as number, window: inside[i] as number })).slice(from);
}

/** The best threshold's sum, between that of no alarm at all (0) and that of perfect ones (100). */
function best(rows: readonly Judged[], windows: number, { tpWeight, fpWeight, fnWeight }: Weights): number {
  if (windows === 0) return Number.NaN;
  const found = new Map<number, number>();
  for (const { window } of rows) if (window >= 0) found.set(window, -fnWeight);
  const none = -fnWeight * found.size;
  let [sum, most] = [none, none];
  for (const [i, { score, worth, window }] of rows.entries()) {
    if (window < 0) sum += worth * fpWeight;
    else {
      const now = found.get(window) as number;
      const gained = Math.max(now, (worth * tpWeight) / MOST);
      found.set(window, gained);
      sum += gained - now;
    }
    if (rows[i + 1]?.score !== score) most = Math.max(most, sum);
  }
  return (100 * (most - none)) / (windows * tpWeight - none);
}
