import { formatDuration } from '@auspex/contracts';
import { figure } from '../../metrics/catalogue.ts';
import { nonDominated } from '../../sweep/frontier.ts';
import type { Sweep } from '../../sweep/sweep.ts';
import type { PoolTrace, ReplayReport } from '../types.ts';
import { type Column, encodeColumn } from './encode.ts';
import { thin } from './thin.ts';

/** What the page's script reads. */
export interface Payload {
  /** Steps drawn as one; 1 = all. */
  readonly thinned: number;
  readonly runs: readonly { readonly name: string; readonly label: string }[];
  readonly pools: readonly PoolPayload[];
  /** Dots of the sweep by rising cost; absent where there was none. */
  readonly sweep?: { readonly goal: number | undefined; readonly points: readonly SweepDot[] };
}

interface SweepDot {
  readonly kind: 'auspex' | 'hpa';
  readonly cost: number;
  readonly overload: number;
  /** No other of its kind is better. */
  readonly edge: boolean;
  readonly text: string;
}

interface PoolPayload {
  readonly pool: string;
  readonly pop: string;
  /** Epoch seconds of the first step, and seconds between steps. */
  readonly start: number;
  readonly step: number;
  readonly length: number;
  /** Columns that repeat between policies (an open loop's demand) are held once. */
  readonly columns: readonly Column[];
  /** By policy: indices into `columns`. -1 = none. */
  readonly runs: readonly { readonly [name in ColumnName]: number }[];
}

const NAMES = ['rate', 'demand', 'supply', 'low', 'median', 'high', 'probability', 'censored'] as const;
type ColumnName = (typeof NAMES)[number];

/** Characters that all traces may take: with script and tables the page stays below 5 MB. */
const BUDGET = 4_000_000;

/** The traces as compact JSON. When they do not fit, neighbouring steps are drawn as one. */
export function payload(report: ReplayReport): { readonly payload: Payload; readonly thinned: number } {
  for (let by = 1; ; by *= 2) {
    const made: Payload = {
      thinned: by,
      runs: report.runs.map(({ name, label }) => ({ name, label })),
      pools: pools(report, by),
      ...(report.sweep && { sweep: { goal: report.suggestion?.goal, points: sweepDots(report.sweep) } }),
    };
    const longest = Math.max(0, ...made.pools.map((pool) => pool.length));
    if (longest <= 64 || JSON.stringify(made).length <= BUDGET) return { payload: made, thinned: by };
  }
}

function sweepDots({ points }: Sweep): SweepDot[] {
  const kinds = (['auspex', 'hpa'] as const).map((kind) => points.filter(({ candidate }) => candidate.kind === kind));
  const edges = new Set(kinds.flatMap((own) => nonDominated(own, ({ whole }) => whole)));
  return points
    .filter(({ whole }) => Number.isFinite(whole.cost) && Number.isFinite(whole.overload))
    .sort((a, b) => a.whole.cost - b.whole.cost)
    .map((point) => {
      const { cost, overload, longestMs, idleHours, shortHours } = point.whole;
      const numbers = `${figure(overload, 2)} % overload, longest ${formatDuration(longestMs)}, cost ${figure(cost, 1)}, ${figure(idleHours, 1)} h idle, ${figure(shortHours, 1)} h short`;
      return { kind: point.candidate.kind, cost, overload, edge: edges.has(point), text: `${point.label}: ${numbers}` };
    });
}

function pools(report: ReplayReport, by: number): PoolPayload[] {
  return (report.runs[0]?.pools ?? []).map((first) => {
    const columns: Column[] = [];
    const known = new Map<string, number>();
    const add = (values: ArrayLike<number> | undefined, how: 'max' | 'min'): number => {
      if (!values) return -1;
      const column = encodeColumn(thin(values, by, how));
      const text = JSON.stringify(column);
      const index = known.get(text) ?? columns.push(column) - 1;
      known.set(text, index);
      return index;
    };
    const runs = report.runs.map((run) => {
      const trace = run.pools.find((candidate) => candidate.pool === first.pool && candidate.pop === first.pop);
      return Object.fromEntries(
        NAMES.map((name) => [name, add(trace && values(trace, name), name === 'supply' ? 'min' : 'max')]),
      ) as Record<ColumnName, number>;
    });
    return {
      pool: first.pool,
      pop: first.pop,
      start: (first.steps[0] ?? 0) / 1000,
      step: (first.stepMs * by) / 1000,
      length: Math.ceil(first.steps.length / by),
      columns,
      runs,
    };
  });
}

function values(trace: PoolTrace, name: ColumnName): ArrayLike<number> | undefined {
  if (name === 'low' || name === 'median' || name === 'high') return trace.fan?.[name];
  return trace[name];
}
