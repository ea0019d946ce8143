// What tuning flatters: the settings of `seasonal` that a config can change, chosen for each series on the series of other sources.
import { seasonal } from '../../../packages/preset/src/index.ts';
import { HORIZONS, mean, type Scores, type SeriesScore } from '../forecast/score.ts';
import type { Method } from './methods.ts';
import { ratio, table, three } from './tables.ts';

const DAY = 86_400_000;
const HALF_LIVES = [7, 14, 28, 56];
const RIDGES = [0.5, 1, 2];

interface Setting {
  readonly halfLife: string;
  readonly ridge: number;
}

const defaults = seasonal.config.parse({}) as { readonly halfLife: number; readonly ridge: number };
const DEFAULT: Setting = { halfLife: `${defaults.halfLife / DAY}d`, ridge: defaults.ridge };
const GRID: readonly Setting[] = HALF_LIVES.flatMap((days) => RIDGES.map((ridge) => ({ halfLife: `${days}d`, ridge })));

const nameOf = ({ halfLife, ridge }: Setting): string => `${halfLife}, ${ridge}`;

/** `seasonal` by itself as it is shipped: the row of that name. */
export const SHIPPED: Method = { key: 'seasonal', title: 'seasonal', predictors: ['seasonal'] };

/** The same at each setting of the grid. */
export const TUNING: readonly Method[] = GRID.map((setting) =>
  nameOf(setting) === nameOf(DEFAULT)
    ? SHIPPED
    : {
        key: `seasonal-${setting.halfLife}-${setting.ridge}`,
        title: `seasonal (${nameOf(setting)})`,
        predictors: ['seasonal'],
        with: `seasonal=${JSON.stringify(setting)}`,
      },
);

/** A set's series at each setting of the grid, in its order. */
export interface Tried {
  readonly title: string;
  readonly shipped: Scores;
  readonly settings: readonly Scores[];
  readonly naive: Scores;
  /** Series of one source are left out together. */
  readonly sourceOf: (series: string) => string;
}

/** The score of each series at the setting that is best on the other sources' series of all sets, beside the grid's best and worst. */
export function tuningPage(sets: readonly Tried[]): string[] {
  const chosen = new Map<number, number>();
  const all = sets.flatMap(({ settings, naive, sourceOf }) => {
    const known = [...naive.keys()].filter((series) => settings.every((scores) => scores.has(series)));
    return known.map((series) => ({
      source: sourceOf(series),
      losses: settings.map((scores) => last(scores, series) / last(naive, series)),
    }));
  });
  const best = (leftOut: string): number => {
    const others = all.filter(({ source }) => source !== leftOut);
    if (others.length === 0) throw new Error('tuning needs series of two sources at least');
    return least(GRID.map((_, setting) => mean(others.map(({ losses }) => Math.log(Math.max(losses[setting] as number, 1e-12))))));
  };
  const columns = sets.map(({ shipped: own, settings, naive, sourceOf }) => {
    const series = [...naive.keys()].filter((name) => settings.every((scores) => scores.has(name)));
    const picks = series.map((name) => best(sourceOf(name)));
    for (const pick of picks) chosen.set(pick, (chosen.get(pick) ?? 0) + 1);
    const leftOut = new Map(series.map((name, i) => [name, settings[picks[i] as number]?.get(name) as readonly SeriesScore[]]));
    const totals = settings.map((scores) => ratio(scores, naive, HORIZONS.length - 1));
    const [low, high] = [least(totals), least(totals.map((total) => -total))];
    const cell = (scores: Scores): string => HORIZONS.map((_, horizon) => three(ratio(scores, naive, horizon))).join(' / ');
    const named = (setting: number): string => `${cell(settings[setting] as Scores)} (${nameOf(GRID[setting] as Setting)})`;
    return [cell(own), cell(leftOut), named(low), named(high)];
  });
  const rows = [`shipped (${nameOf(DEFAULT)})`, 'chosen on other sources', 'best of the grid, in hindsight', 'worst of the grid'];
  const picks = [...chosen]
    .sort((a, b) => b[1] - a[1])
    .map(([setting, count]) => `${nameOf(GRID[setting] as Setting)} for ${count} series`);
  return [
    ...table(
      ['half-life and ridge of `seasonal`', ...sets.map(({ title }) => title)],
      rows.map((row, r) => [row, ...columns.map((column) => column[r] as string)]),
    ),
    `Chosen: ${picks.join('; ')}.`,
    '',
  ];
}

/** Loss over all steps. */
function last(scores: Scores, series: string): number {
  return scores.get(series)?.at(-1)?.wql ?? Number.NaN;
}

/** The place of the smallest. */
function least(list: readonly number[]): number {
  return list.reduce((best, value, i) => (value < (list[best] as number) ? i : best), 0);
}
