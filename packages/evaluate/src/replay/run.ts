import { createSimulatedActuator, Fleet } from '@auspex/actuators/simulated';
import type { Actuator, BehaviorProfile, PluginUse, Pool, Usage } from '@auspex/contracts';
import { type AuspexConfig, createEngine, demandOf, type Engine, type EngineCounts, MemoryMeter, use, VirtualClock } from '@auspex/core';
import { SeededRandom } from '@auspex/numerics';
import { unitsFor } from '@auspex/policies';
import { ClosedLoop } from '../world/closed-loop.ts';
import type { ReplayInput } from './input.ts';
import { noAssessor, noProfiler, noStore } from './nothing.ts';
import { type PoolRecording, Recorder, type Recording } from './recorder.ts';
import { totalOf, totalsSource } from './totals.ts';

/** One policy's run through the engine. */
export interface ReplayRun {
  readonly recording: Recorder;
  readonly profiles: readonly BehaviorProfile[];
  readonly counts: EngineCounts;
  readonly configHash: string;
  readonly groups: number;
  /** Causes that its rules told of, by rule. */
  readonly alerts: Readonly<Record<string, number>>;
}

/** Runs the subject: the whole config, on the whole trace. */
export function runSubject(input: ReplayInput, pools: readonly Pool[], stepMs: number): Promise<ReplayRun> {
  const config: AuspexConfig = {
    ...input.config,
    store: use(noStore),
    // A replay shows what it would do once it acts.
    pools: input.config.pools.map(({ actuator: _replaced, rollout: _acts, ...pool }) => pool),
  };
  return run(config, input, pools, stepMs, 'auspex', input.onJournal);
}

/** Runs a baseline: only its allocator, on the demand that the subject's run recorded. */
export function runBaseline(
  name: string,
  allocate: PluginUse<'allocator'>,
  recording: Recording,
  input: ReplayInput,
  pools: readonly Pool[],
): Promise<ReplayRun> {
  const stepMs = recording.stepMs;
  const config: AuspexConfig = {
    step: `${stepMs}ms`,
    lateness: '0s',
    sources: [use(totalsSource(recording))],
    profiler: use(noProfiler),
    assess: use(noAssessor),
    allocate,
    store: use(noStore),
    maxGroups: pools.length + 1,
    pools: input.config.pools.map(({ actuator: _replaced, importances: _unused, rollout: _acts, ...pool }, index) => ({
      ...pool,
      // What guards full control is no part of the policy.
      control: 'floor' as const,
      groups: [totalOf(index)],
      measure: 'requests',
    })),
    popLimits: input.config.popLimits ?? {},
    ...(input.config.budget && { budget: input.config.budget }),
    guards: { stabilisation: '0s' },
  };
  const own = pools.map((pool, index): Pool => ({ ...pool, measure: 'requests', serves: (group) => group === totalOf(index) }));
  const { silentFrom: _lives, fleet: { autoscaler: _alone, ...fleet } = {}, ...rest } = input;
  return run(config, { ...rest, fleet, from: recording.from, profiles: 0 }, own, stepMs, name, undefined, recording);
}

async function run(
  config: AuspexConfig,
  input: ReplayInput,
  pools: readonly Pool[],
  stepMs: number,
  name: string,
  onJournal: ((line: string) => void) | undefined,
  before?: Recording,
): Promise<ReplayRun> {
  const clock = new VirtualClock();
  const meter = new MemoryMeter();
  const recorder = new Recorder(pools, input.from, stepMs, before === undefined && input.sweep !== undefined);
  const fleets = new Map<string, Fleet>();
  const begin = (): void => {
    if (fleets.size > 0) return;
    pools.forEach((pool, index) => {
      const { history } = (before ?? recorder).pools[index] as PoolRecording;
      fleets.set(pool.id, beginFleet(pool, history.begin, input, clock.now()));
    });
  };
  const silent = (): boolean => clock.now() >= (input.silentFrom ?? Number.POSITIVE_INFINITY);
  const actuator = lazily(begin, createSimulatedActuator(fleets, clock), silent);
  const loop =
    input.closedLoop &&
    new ClosedLoop({ stepMs, pools, capacity: (pool, step) => fleets.get(pool.id)?.capacity(step) ?? 0, options: input.closedLoop });
  const engine = createEngine(config, {
    mode: 'replay',
    ...(input.catalogue ? { catalogue: input.catalogue } : {}),
    host: { clock, meter, actuators: new Map(pools.map((pool) => [pool.id, actuator])) },
    decideFrom: input.from,
    trainAt: input.trainAt ?? input.from,
    trustDemand: loop === undefined,
    ...(onJournal ? { onJournal } : {}),
    onStep: (step, missing) => {
      recorder.closed(step, missing);
      input.onProgress?.(name, step);
      if (input.to !== undefined && step + stepMs >= input.to) engine.stop();
    },
  });
  watch(engine, recorder, fleets, begin, loop, { from: input.from, stepMs, pools });
  try {
    await engine.start();
    await engine.run();
    if (input.to === undefined) recorder.ended();
    const groups = engine.groups();
    return {
      recording: recorder,
      profiles: busiest(engine, input.profiles ?? 8),
      counts: engine.counts(),
      alerts: alertsOf(meter),
      configHash: engine.configHash,
      groups: groups.length,
    };
  } finally {
    await engine.close();
  }
}

/** Causes that were told of, by rule: how many began. */
function alertsOf({ values }: MemoryMeter): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const [key, count] of values) {
    const rule = /^auspex_alerts_total\{rule=([^,]+),.*status=firing\}$/.exec(key)?.[1];
    if (rule !== undefined) found[rule] = (found[rule] ?? 0) + count;
  }
  return found;
}

function watch(
  engine: Engine,
  recorder: Recorder,
  fleets: ReadonlyMap<string, Fleet>,
  begin: () => void,
  loop: ClosedLoop | undefined,
  { from, stepMs, pools }: { readonly from: number; readonly stepMs: number; readonly pools: readonly Pool[] },
): void {
  engine.hooks.usage.tap('replay', (usage, step) => {
    if (step >= from) begin();
    recorder.demand(step, usage, fleets);
    const seen = loop && step >= from ? loop.reshape(step, usage) : usage;
    recorder.served(step, seen);
    for (const pool of pools) fleets.get(pool.id)?.demand(step + stepMs, busyUnits(pool, seen, stepMs));
    return seen;
  });
  engine.hooks.failure.tap('replay', () => {
    recorder.failures++;
  });
  engine.hooks.decided.tap('replay', (decision) => recorder.decided(decision));
  engine.hooks.forecast.tap('replay', (forecast) => recorder.forecast(forecast));
}

/** Units that the last known demand needs at the pool's target: what an autoscaler would have had. */
export function beginFleet(pool: Pool, lastRate: number, input: ReplayInput, at: number): Fleet {
  const initial = Math.min(Math.max(unitsFor(lastRate, pool), pool.min, 1), pool.max);
  const fleet = new Fleet(
    { initial, delay: pool.leadTimeMs, ...input.fleet },
    new SeededRandom(input.config.seed ?? 1).fork(`fleet/${pool.id}`),
  );
  fleet.advance(at);
  return fleet;
}

/** Units that a step's usage keeps wholly busy: what an autoscaler beside the engine sees. */
function busyUnits(pool: Pool, usage: readonly Usage[], stepMs: number): number {
  return (1000 * demandOf(pool, usage)) / (stepMs * pool.unitRate);
}

/** Fleets begin when they are first looked at: only then is it known what they have to begin with. */
function lazily(begin: () => void, actuator: Actuator, silent: () => boolean): Actuator {
  return {
    actuate: async (order, signal) => {
      begin();
      if (silent())
        return { key: order.key, pool: order.pool, status: 'refused', units: 0, ready: 0, detail: 'the replay is silent from here on' };
      return actuator.actuate(order, signal);
    },
    read: (pool, signal) => {
      begin();
      return actuator.read(pool, signal);
    },
  };
}

function busiest(engine: Engine, count: number): BehaviorProfile[] {
  if (count === 0) return [];
  return engine
    .groups()
    .flatMap((group) => engine.profile(group) ?? [])
    .sort((a, b) => b.perMinute - a.perMinute || (a.group < b.group ? -1 : 1))
    .slice(0, count);
}
