import { AuspexError, LEVELS, type Pool } from '@auspex/contracts';
import { type EngineCounts, makePools, parseConfig, use } from '@auspex/core';
import { reactiveAllocator, staticPeakAllocator } from '@auspex/policies';
import { type Metrics, metrics } from '../metrics/all.ts';
import { type ForecastMetrics, forecastMetrics } from '../metrics/forecast.ts';
import type { Served } from '../metrics/service.ts';
import { demandUnits } from '../metrics/units.ts';
import { oraclePlan } from '../oracle/plan.ts';
import type { FrontierPoint, PolicyRun, PoolTrace, ReplayReport } from '../report/types.ts';
import type { Baseline, ReplayInput } from './input.ts';
import { noStore } from './nothing.ts';
import type { PoolRecording, Recording } from './recorder.ts';
import { runBaseline, runSubject } from './run.ts';

const DAY_MS = 86_400_000;
/** Use up to which a unit meets its latency goal. */
const GOAL = 0.85;

export interface ReplayResult {
  readonly report: ReplayReport;
  /** What the subject's run read. */
  readonly counts: EngineCounts;
}

/**
 * Replays a trace: the subject through the whole engine, then each baseline through the same engine on the recorded
 * demand, and the oracle, which alone sees the future. Same input, config and seed: same report.
 *
 * @throws AuspexError of the config or the source, or SOURCE_EMPTY when the trace ends before `from`
 */
export async function replay(input: ReplayInput): Promise<ReplayResult> {
  const { settings } = parseConfig({ ...input.config, store: use(noStore) }, input.catalogue ?? []);
  const pools = makePools(settings);
  const subject = await runSubject(input, pools, settings.step);
  const { recording } = subject;
  if (recording.steps === 0) {
    throw new AuspexError('SOURCE_EMPTY', `the trace ends before ${new Date(input.from).toISOString()}, where the measured span begins`, {
      path: input.source,
      remedy: 'Begin the measured span earlier, or give a longer trace.',
    });
  }
  const goal = input.goal ?? GOAL;
  const runs = [policyRun('auspex', 'Auspex', recording, goal)];
  const frontier: FrontierPoint[] = [];
  for (const baseline of input.baselines ?? defaultBaselines(recording, pools)) {
    const { recording: own } = await runBaseline(baseline.name, baseline.allocate, recording, input, pools);
    const measured = policyRun(baseline.name, baseline.label, own, goal);
    if (!baseline.frontierOnly) runs.push(measured);
    if (baseline.frontierOnly) frontier.push(point(measured));
  }
  runs.push(policyRun('oracle', 'Oracle (knows the future)', oracleRecording(recording, goal), goal));
  const report: ReplayReport = {
    title: input.title,
    source: input.source,
    generatedFrom: {
      configHash: subject.configHash,
      seed: settings.seed,
      steps: recording.steps,
      stepMs: settings.step,
      trainUntil: input.trainAt ?? input.from,
      from: input.from,
      to: input.from + recording.steps * settings.step,
      zone: typeof settings.zone === 'string' ? settings.zone : settings.zone.default,
      groups: subject.groups,
      pools: pools.length,
    },
    runs,
    forecast: forecastQuality(recording),
    frontier: [...runs.map(point), ...frontier],
    notes: [...assumptions(input, goal, recording), ...(input.notes ?? [])],
    profiles: subject.profiles,
  };
  return { report, counts: subject.counts };
}

/** The HPA as it is usually set, static peak of the history, and the HPA at other targets as points of the frontier. */
export function defaultBaselines(recording: Recording, pools: readonly Pool[]): Baseline[] {
  const peak: Record<string, number> = {};
  for (const { pool, peak: highest } of recording.pools) {
    const units = Math.ceil(highest / (pool.target * pool.unitRate));
    if (highest > 0) peak[pool.id] = Math.min(Math.max(units, pool.min), pool.max);
  }
  const target = pools[0]?.target ?? 0.7;
  const others = [0.4, 0.5, 0.6, 0.8, 0.9].filter((other) => Math.abs(other - target) > 0.01);
  return [
    { name: 'reactive', label: `HPA at ${Math.round(100 * target)} %`, allocate: use(reactiveAllocator) },
    { name: 'static-peak', label: 'Static peak of the history', allocate: use(staticPeakAllocator, { units: peak }) },
    ...others.map((other) => ({
      name: 'reactive',
      label: `HPA at ${Math.round(100 * other)} %`,
      allocate: use(reactiveAllocator, { target: other }),
      frontierOnly: true,
    })),
  ];
}

function policyRun(name: string, label: string, recording: Recording, goal: number): PolicyRun {
  const traces = recording.pools.map((pool) => trace(pool, recording, goal));
  const served = recording.pools.map((pool, i): Served => {
    const own = traces[i] as PoolTrace;
    const { unitRate, price } = pool.pool;
    return { rate: own.rate, demand: own.demand, supply: own.supply, ordered: own.ordered, stepMs: own.stepMs, unitRate, price };
  });
  const byPool: Record<string, Metrics> = {};
  served.forEach((each, i) => {
    byPool[(traces[i] as PoolTrace).pool] = metrics(each);
  });
  return { name, label, pools: traces, metrics: metrics(...served), byPool };
}

function trace(recorded: PoolRecording, recording: Recording, goal: number): PoolTrace {
  const { steps, stepMs, from } = recording;
  const { pool } = recorded;
  const rate = recorded.rate.slice(0, steps);
  const at = (level: number): Float64Array => {
    const column = LEVELS.indexOf(level);
    return Float64Array.from({ length: steps }, (_, i) => recorded.quantiles[i * LEVELS.length + column] as number);
  };
  return {
    pool: pool.id,
    pop: pool.pop,
    stepMs,
    steps: Float64Array.from({ length: steps }, (_, i) => from + i * stepMs),
    rate,
    demand: demandUnits(rate, { unitRate: pool.unitRate, target: goal }),
    supply: recorded.supply.slice(0, steps),
    ordered: recorded.ordered.slice(0, steps),
    fan: { low: at(0.1), median: at(0.5), high: at(0.9) },
    probability: recorded.probability.slice(0, steps),
    censored: recorded.censored.slice(0, steps),
  };
}

/** The recording of a fleet that followed the oracle's plan. */
function oracleRecording(recording: Recording, goal: number): Recording {
  return {
    ...recording,
    steps: recording.steps,
    from: recording.from,
    stepMs: recording.stepMs,
    pools: recording.pools.map((recorded) => {
      const { pool } = recorded;
      const rate = recorded.rate.slice(0, recording.steps);
      const demand = demandUnits(rate, { unitRate: pool.unitRate, target: goal });
      const { orders, supply } = oraclePlan({
        demand,
        leadSteps: Math.ceil(pool.leadTimeMs / recording.stepMs),
        min: pool.min,
        max: pool.max,
      });
      const none = new Float64Array(recorded.quantiles.length).fill(Number.NaN);
      return { ...recorded, supply, ordered: orders, quantiles: none, probability: new Float64Array(recorded.probability.length) };
    }),
  };
}

/** Forecast quality over all pools, weighted by the steps compared. */
function forecastQuality(recording: Recording): ForecastMetrics {
  const season = Math.round(DAY_MS / recording.stepMs);
  const all = recording.pools.map(({ rate, quantiles }) =>
    forecastMetrics({
      actual: rate.subarray(0, recording.steps),
      quantiles: quantiles.subarray(0, recording.steps * LEVELS.length),
      season,
    }),
  );
  const steps = all.reduce((sum, each) => sum + each.steps, 0);
  const mean = (of: (each: ForecastMetrics) => number): number => {
    const known = all.filter((each) => each.steps > 0 && Number.isFinite(of(each)));
    const weight = known.reduce((sum, each) => sum + each.steps, 0);
    return known.reduce((sum, each) => sum + each.steps * of(each), 0) / weight;
  };
  return { wql: mean((m) => m.wql), coverage80: mean((m) => m.coverage80), mase: mean((m) => m.mase), wape: mean((m) => m.wape), steps };
}

function point(run: PolicyRun): FrontierPoint {
  return { policy: run.name, label: run.label, overload: run.metrics.overload, cost: run.metrics.cost };
}

function assumptions(input: ReplayInput, goal: number, recording: Recording): string[] {
  const { delay, failureRate, warmUp } = input.fleet ?? {};
  const time =
    delay === undefined
      ? 'exactly the lead time of its pool'
      : typeof delay === 'number'
        ? `${delay / 1000} s`
        : `p50 ${delay.p50 / 1000} s, p90 ${delay.p90 / 1000} s (lognormal)`;
  const notes = [
    `The fleet is simulated: a unit is ready ${time} after its order, removals act at once, and it meets its latency goal up to ${100 * goal} % use.`,
  ];
  if (failureRate) notes.push(`${100 * failureRate} % of ordered units never become ready and are ordered anew.`);
  if (warmUp) notes.push(`A new unit serves ${100 * warmUp.share} % of its rate for its first ${warmUp.ms / 1000} s.`);
  notes.push(
    input.closedLoop
      ? 'Closed loop: what the fleet cannot serve is throttled and comes back as retries.'
      : 'Open loop: the demand of the trace does not depend on what was served.',
  );
  if (recording.pools.some(({ peak }) => peak === 0))
    notes.push('A pool without history before the measured span has no static peak: its baseline holds the most units allowed.');
  return notes;
}
