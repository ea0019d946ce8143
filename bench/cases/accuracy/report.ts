import { type Scores, scoreSet } from '../forecast/score.ts';
import { costTable, type Spent } from './cost.ts';
import type { Method } from './methods.ts';
import type { Peers } from './peers.ts';
import type { EvalSet, Part } from './sets.ts';
import { accuracyTable, duelTable, type Row } from './tables.ts';

/** One part's tables: all methods beside the naive; then the first of ours, and the one at the peers' context, against the others. */
export function partPage(
  part: Part,
  methods: readonly Method[],
  { all, naive, missing }: Peers,
  scoresOf: (method: Method, part: Part) => Scores,
): string[] {
  const { series, sourceOf } = part;
  const late = lateOrigins(part);
  // Where no origin is late it is the same as a row that is there.
  const ours = methods.filter(({ context }) => !context || late > 0).map((method) => ({ ...method, scores: scoresOf(method, part) }));
  const theirs = all
    .map(({ title, forecasts }) => ({ title, scores: scoreSet(series, forecasts) }))
    .filter(({ scores }) => scores.size > 0);
  const duels = (row: Row, others: readonly Row[]): string[] => [
    `Loss of \`${row.title}\` relative to the others'; below 1 it is the better one.`,
    '',
    ...duelTable(row.scores, others, sourceOf),
  ];
  const [first, ...rest] = ours;
  const alike = ours.find(({ context }) => context);
  return [
    `## ${part.title}`,
    '',
    about(part, late),
    ...(missing.length > 0 ? [`Not run on them, for want of \`--python\`: ${missing.join(', ')}.`] : []),
    '',
    ...accuracyTable([...ours, ...theirs], scoreSet(series, naive), series.length),
    ...(first ? duels(first, [...rest, ...theirs]) : []),
    ...(alike && alike !== first ? duels(alike, theirs) : []),
  ];
}

function lateOrigins({ series }: Part): number {
  return series.flatMap(({ origins, context }) => origins.filter((origin) => origin > context)).length;
}

function about({ series, sourceOf }: Part, late: number): string {
  const counts = new Map<string, number>();
  for (const { name } of series) counts.set(sourceOf(name), (counts.get(sourceOf(name)) ?? 0) + 1);
  const named = [...counts].map(([source, count]) => `${source.replaceAll('_', ' ')} ${count}`).join(', ');
  const sources = counts.size === series.length ? 'each taken for a source of its own' : `${counts.size} sources (${named})`;
  const origins = series.reduce((sum, each) => sum + each.origins.length, 0);
  return `${series.length} series, ${sources}; ${origins} origins, ${late === 0 ? 'none' : late} of them with more steps before them than the peers' \`context\`.`;
}

/** What ours and the peers cost on each set. */
export function costPage(
  methods: readonly Method[],
  parts: readonly Part[],
  peers: ReadonlyMap<EvalSet, Peers>,
  kept: (method: Method, set: EvalSet) => string,
): string[] {
  const sets = [...new Set(parts.map(({ set }) => set))];
  const ours = methods.map((method) => {
    const spent = sets.map((set): Spent => ({ times: `${kept(method, set)}.times.csv`, cost: `${kept(method, set)}.json` }));
    return [method.title, spent] as const;
  });
  const timesOf = (set: EvalSet, title: string): string | undefined => peers.get(set)?.all.find((peer) => peer.title === title)?.times;
  const titles = [...new Set(sets.flatMap((set) => (peers.get(set)?.all ?? []).map(({ title }) => title)))];
  const theirs = titles
    .filter((title) => sets.some((set) => timesOf(set, title) !== undefined))
    .map((title) => {
      const spent = sets.map((set): Spent | undefined => {
        const times = timesOf(set, title);
        return times === undefined ? undefined : { times };
      });
      return [title, spent] as const;
    });
  return costTable(
    sets.map((set) => {
      const series = parts.filter((part) => part.set === set).flatMap((part) => part.series.map(({ name }) => name));
      return [set.name === 'open' ? 'evaluation' : set.name, new Set(series)];
    }),
    [...ours, ...theirs],
  );
}
