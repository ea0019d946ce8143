import { AuspexError, LEVELS, type Pool } from '@auspex/contracts';
import { type EngineCounts, type EngineSettings, makePools, parseConfig, use } from '@auspex/core';
import { reactiveAllocator, staticPeakAllocator, unitsFor } from '@auspex/policies';
import { type Metrics, metrics } from '../metrics/all.ts';
import { type ForecastMetrics, forecastMetrics } from '../metrics/forecast.ts';
import type { Served } from '../metrics/service.ts';
import { demandUnits } from '../metrics/units.ts';
import { oraclePlan } from '../oracle/plan.ts';
import type { FrontierPoint, PolicyRun, PoolTrace, ReplayReport } from '../report/types.ts';
import { recordedDemand } from '../sweep/recorded.ts';
import { type Suggestion, suggest } from '../sweep/suggest.ts';
import { type Sweep, sweep } from '../sweep/sweep.ts';
import type { Baseline, ReplayInput } from './input.ts';
import { noStore } from './nothing.ts';
import type { PoolRecording, Recording } from './recorder.ts';
import { runBaseline, runSubject } from './run.ts';
import { surgesOf } from './surges.ts';

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
export async function replay(given: ReplayInput): Promise<ReplayResult> {
  const { settings } = parseConfig({ ...given.config, store: use(noStore) }, given.catalogue ?? []);
  const input = onSteps(given, settings.step);
  sweepable(input);
  const pools = makePools(settings);
  const subject = await runSubject(input, pools, settings.step);
  const { recording } = subject;
  if (recording.steps === 0) {
    throw new AuspexError('SOURCE_EMPTY', `the trace ends before ${time(input.from)}, where the measured span begins`, {
      path: input.source,
      remedy: 'Begin the measured span earlier, or give a longer trace.',
    });
  }
  const goal = input.goal ?? GOAL;
  const runs = [policyRun('auspex', 'Auspex', recording, goal, true)];
  const frontier: FrontierPoint[] = [];
  for (const baseline of input.baselines ?? defaultBaselines(recording, pools)) {
    const { recording: own } = await runBaseline(baseline.name, baseline.allocate, recording, input, pools);
    const measured = policyRun(baseline.name, baseline.label, own, goal);
    if (baseline.frontierOnly) frontier.push(point(measured));
    else runs.push(measured);
  }
  runs.push(policyRun('oracle', 'Oracle (knows the future)', oracleRecording(recording, goal, input), goal));
  const surge = surgesOf(recording, settings);
  const report: ReplayReport = {
    title: input.title,
    source: input.source,
    generatedFrom: {
      configHash: subject.configHash,
      seed: settings.seed,
      steps: recording.steps,
      stepMs: settings.step,
      trainUntil: input.trainAt ?? recording.from,
      from: recording.from,
      to: recording.from + recording.steps * settings.step,
      zone: typeof settings.zone === 'string' ? settings.zone : settings.zone.default,
      groups: subject.groups,
      pools: pools.length,
    },
    runs,
    forecast: forecastQuality(recording),
    frontier: [...runs.map(point), ...frontier],
    ...(surge && { surge }),
    alerts: subject.alerts,
    ...(await sweepOf(recording, pools, input, goal)),
    notes: [...assumptions(input, goal, recording, settings), ...alertsNote(subject.alerts), ...(input.notes ?? [])],
    profiles: subject.profiles,
  };
  return { report, counts: subject.counts };
}

/** What a sweep cannot be asked of. */
function sweepable(input: ReplayInput): void {
  if (input.suggest !== undefined && !input.sweep)
    throw new AuspexError('CONFIG_INVALID', 'a suggestion is taken from a sweep, and none is asked for', {
      remedy: 'Give `sweep: {}`, too.',
    });
  if (input.sweep && input.closedLoop)
    throw new AuspexError('CONFIG_INVALID', 'in a closed loop the demand depends on who decides: there is nothing recorded to sweep over', {
      remedy: 'Sweep in an open loop.',
    });
}

async function sweepOf(
  recording: Recording,
  pools: readonly Pool[],
  input: ReplayInput,
  goal: number,
): Promise<{ readonly sweep?: Sweep; readonly suggestion?: Suggestion }> {
  if (!input.sweep) return {};
  const demand = recordedDemand(recording, pools, input);
  const end = recording.from + recording.steps * recording.stepMs;
  const swept = await sweep(demand, input.sweep, goal, (done, of) =>
    input.onProgress?.('sweep', recording.from + Math.floor(((end - recording.from) * done) / of)),
  );
  return { sweep: swept, ...(input.suggest === undefined ? {} : { suggestion: suggest(swept, demand, input.suggest) }) };
}

/** Only whole steps are decided and measured: the span is what of it lies inside. */
function onSteps(input: ReplayInput, stepMs: number): ReplayInput {
  const from = Math.ceil(input.from / stepMs) * stepMs;
  if (input.to === undefined) return { ...input, from };
  const to = Math.floor(input.to / stepMs) * stepMs;
  if (to > from) return { ...input, from, to };
  throw new AuspexError('CONFIG_INVALID', `between ${time(input.from)} and ${time(input.to)} there is no whole step to measure`, {
    remedy: 'End the measured span later.',
  });
}

function time(at: number): string {
  return new Date(at).toISOString();
}

/**
 * The HPA as it is usually set, static peak of the history, and the HPA at other targets as points of the frontier. With
 * `censored: 1` a bound counts as the demand, as it does for the HPA.
 */
export function defaultBaselines(recording: Recording, pools: readonly Pool[]): Baseline[] {
  const peak: Record<string, number> = {};
  for (const { pool, history } of recording.pools) {
    if (history.peak > 0) peak[pool.id] = Math.min(Math.max(unitsFor(history.peak, pool), pool.min), pool.max);
  }
  const target = pools[0]?.target ?? 0.7;
  const same = pools.every((pool) => pool.target === target);
  const others = [0.4, 0.5, 0.6, 0.8, 0.9].filter((other) => !same || Math.abs(other - target) > 0.01);
  return [
    { name: 'reactive', label: same ? hpaAt(target) : "HPA at each pool's target", allocate: use(reactiveAllocator, { censored: 1 }) },
    { name: 'static-peak', label: 'Static peak of the history', allocate: use(staticPeakAllocator, { units: peak }) },
    ...others.map((other) => ({
      name: 'reactive',
      label: hpaAt(other),
      allocate: use(reactiveAllocator, { target: other, censored: 1 }),
      frontierOnly: true,
    })),
  ];
}

function hpaAt(target: number): string {
  return `HPA at ${Math.round(100 * target)} %`;
}

/** @param foresees only what foresees has forecasts and surges to show */
function policyRun(name: string, label: string, recording: Recording, goal: number, foresees = false): PolicyRun {
  const traces = recording.pools.map((pool) => trace(pool, recording, goal, foresees));
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

function trace(recorded: PoolRecording, recording: Recording, goal: number, foresees: boolean): PoolTrace {
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
    ...(foresees ? { fan: { low: at(0.1), median: at(0.5), high: at(0.9) }, probability: recorded.probability.slice(0, steps) } : {}),
    censored: recorded.censored.slice(0, steps),
  };
}

/** The recording of a fleet that followed the oracle's plan. Units that it orders take as long as everybody's. */
function oracleRecording(recording: Recording, goal: number, input: ReplayInput): Recording {
  const { steps, stepMs } = recording;
  const delay = input.fleet?.delay;
  const leadMs = typeof delay === 'object' ? delay.p90 : delay;
  const pools = recording.pools.map((recorded) => {
    const { pool } = recorded;
    const demand = demandUnits(recorded.rate.slice(0, steps), { unitRate: pool.unitRate, target: goal });
    const leadSteps = Math.ceil((leadMs ?? pool.leadTimeMs) / stepMs);
    const { orders, supply } = oraclePlan({ demand, leadSteps, min: pool.min, max: pool.max });
    return { ...recorded, supply, ordered: orders, censored: new Uint8Array(steps) };
  });
  return { steps, stepMs, from: recording.from, historySteps: 0, failures: 0, pools };
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

/** What people would have been told meanwhile. */
function alertsNote(alerts: Readonly<Record<string, number>>): string[] {
  const told = Object.entries(alerts).map(([rule, count]) => `${count} of ${rule}`);
  return told.length === 0 ? [] : [`Alerts that its rules would have raised: ${told.join(', ')}; the journal has each.`];
}

function assumptions(input: ReplayInput, goal: number, recording: Recording, settings: EngineSettings): string[] {
  const { delay, failureRate, warmUp } = input.fleet ?? {};
  const after =
    delay === undefined
      ? 'exactly the lead time of its pool'
      : typeof delay === 'number'
        ? `${delay / 1000} s`
        : `p50 ${delay.p50 / 1000} s, p90 ${delay.p90 / 1000} s (lognormal)`;
  const notes = [
    `The fleet is simulated: a unit is ready ${after} after its order, removals act at once, and it meets its latency goal up to ${percent(goal)} % use.`,
  ];
  if (failureRate) notes.push(`${percent(failureRate)} % of ordered units never become ready and are ordered anew.`);
  if (warmUp)
    notes.push(
      `A new unit serves ${percent(warmUp.share)} % of its rate for its first ${warmUp.ms / 1000} s, and counts as ready meanwhile.`,
    );
  notes.push(
    input.closedLoop
      ? 'Closed loop: what the fleet cannot serve is throttled and comes back as retries; metrics are of first attempts.'
      : 'Open loop: the demand of the trace does not depend on what was served.',
  );
  if (Object.keys(settings.popLimits).length > 0) notes.push('The common limits of POPs bind every policy but the oracle.');
  if (settings.budget) notes.push('The budget of all pools binds every policy but the oracle.');
  if (recording.from > input.from) notes.push(`The trace begins at ${time(recording.from)}, after the span that was asked for.`);
  const unknown = countUnknown(recording);
  if (unknown > 0) notes.push(`${unknown} of ${recording.steps} steps are gaps of the trace: they cost units, and count nowhere else.`);
  if (recording.failures > 0) notes.push(`Plugins failed ${recording.failures} times; fallbacks stood in, and the journal has each.`);
  const idle = recording.pools.filter(({ rate, history }) => history.peak === 0 && rate.every((each) => !(each > 0)));
  if (idle.length > 0) {
    const named = idle.map(({ pool }) => `${pool.id} (pop ${pool.pop})`).join(', ');
    notes.push(`No group of the trace loads ${named}: check its pop, serves and measure.`);
  }
  if (recording.pools.some(({ history }) => history.peak === 0))
    notes.push('A pool without history before the measured span has no static peak: its baseline holds the most units allowed.');
  return notes;
}

function countUnknown({ pools, steps }: Recording): number {
  return pools[0]?.rate.subarray(0, steps).reduce((sum, rate) => sum + (Number.isNaN(rate) ? 1 : 0), 0) ?? 0;
}

function percent(share: number): number {
  return Number((100 * share).toPrecision(6));
}
