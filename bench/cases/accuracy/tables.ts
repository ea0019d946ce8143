import { HORIZONS, interval, mean, relative, type Scores, type SeriesScore } from '../forecast/score.ts';

/** One method's scores and the name of its row. */
export interface Row {
  readonly title: string;
  readonly scores: Scores;
}

type Loss = 'wql' | 'wql95';

const STEPS = HORIZONS.map((steps) => (steps === 1 ? '1' : `1–${steps}`));

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}

/** Scores of a method over one horizon, of the series that the other has too. */
function paired(ours: Scores, theirs: Scores, horizon: number): { series: string; mine: SeriesScore; other: SeriesScore }[] {
  return [...ours].flatMap(([series, mine]) => {
    const other = theirs.get(series);
    return other ? [{ series, mine: mine[horizon] as SeriesScore, other: other[horizon] as SeriesScore }] : [];
  });
}

/** Loss relative to another method's over one horizon, geometric mean over the series that both have. */
export function ratio(ours: Scores, theirs: Scores, horizon: number, loss: Loss = 'wql'): number {
  const both = paired(ours, theirs, horizon);
  return relative(
    both.map(({ mine }) => mine[loss]),
    both.map(({ other }) => other[loss]),
  );
}

/** Every method's loss relative to the naive's. */
export function accuracyTable(rows: readonly Row[], naive: Scores, series: number): string[] {
  const steps = STEPS.join(' / ');
  const of = (scores: Scores, horizon: number, key: keyof SeriesScore): number =>
    mean([...scores.values()].map((each) => (each[horizon] as SeriesScore)[key]));
  const cells = (value: (horizon: number) => number): string => HORIZONS.map((_, horizon) => three(value(horizon))).join(' / ');
  return table(
    ['method', `relative WQL, steps ${steps}`, 'relative WQL at .95', 'WQL at .95, mean', 'inside the 80 % interval, 1–12'],
    rows.map(({ title, scores }) => [
      scores.size < series ? `${title} (${scores.size} series)` : title,
      cells((horizon) => ratio(scores, naive, horizon)),
      cells((horizon) => ratio(scores, naive, horizon, 'wql95')),
      cells((horizon) => of(scores, horizon, 'wql95')),
      three(of(scores, 1, 'cover80')),
    ]),
  );
}

/** One method's loss relative to each other's, with intervals: below 1 the other loses. */
export function duelTable(ours: Scores, others: readonly Row[], sourceOf: (series: string) => string): string[] {
  const cell = (theirs: Scores, horizon: number, loss: Loss): string => {
    const both = paired(ours, theirs, horizon);
    const [mine, other] = [both.map((pair) => pair.mine[loss]), both.map((pair) => pair.other[loss])];
    const sources = both.map((pair) => sourceOf(pair.series));
    const [low, high] = interval(mine, other, sources);
    return `${three(relative(mine, other))} (${three(low)}–${three(high)})`;
  };
  const losses: readonly Loss[] = ['wql', 'wql95'];
  return table(
    ['against', ...losses.flatMap((loss) => STEPS.map((steps) => (loss === 'wql' ? `steps ${steps}` : `at .95, ${steps}`)))],
    others.map(({ title, scores }) => [title, ...losses.flatMap((loss) => HORIZONS.map((_, horizon) => cell(scores, horizon, loss)))]),
  );
}

/** Without the leading zero. */
export function three(value: number): string {
  return value.toFixed(3).replace(/^0/, '');
}
