import type { Clock, Logger, Meter, Predictor, Store, Usage } from '@auspex/contracts';
import { AlertBoard, type NamedSink } from './alerting/board.ts';
import type { ResolvedConfig } from './config/parse.ts';
import { Cycle } from './cycle/cycle.ts';
import { PoolGauges } from './cycle/gauges.ts';
import { zoneOf } from './cycle/groups.ts';
import { type Trainable, Training } from './cycle/training.ts';
import type { EngineOptions } from './engine.ts';
import { HoldBoard } from './holds/board.ts';
import type { EngineHooks } from './hooks/hooks.ts';
import type { TapLedger } from './hooks/ledger.ts';
import { plug } from './hooks/plug.ts';
import { Ingest } from './ingest/ingest.ts';
import { Journal } from './journal.ts';
import { wholeSource } from './shards/whole.ts';
import { ActuateStage } from './stages/actuate.ts';
import { AllocateStage } from './stages/allocate.ts';
import { AssessStage } from './stages/assess.ts';
import { CalendarStage } from './stages/calendar.ts';
import { DetectStage } from './stages/detect.ts';
import { EnrichStage } from './stages/enrich.ts';
import type { Failures } from './stages/failures.ts';
import { LearnStage } from './stages/learn.ts';
import { type PredictorSlot, PredictStage } from './stages/predict.ts';
import { ProfileStage } from './stages/profile.ts';
import { UserHash } from './users/hash.ts';
import type { DayKeys } from './users/keys.ts';
import type { Services } from './wiring/services.ts';
import { type Named, TOKENS } from './wiring/tokens.ts';

/** An engine's parts, made and connected. */
export interface Parts {
  readonly config: ResolvedConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly failures: Failures;
  readonly hooks: EngineHooks;
  readonly taps: TapLedger;
  readonly store: Store;
  readonly journal: Journal;
  readonly profile: ProfileStage;
  readonly predict: PredictStage;
  readonly allocate: AllocateStage;
  readonly learn: LearnStage;
  readonly detect: DetectStage;
  readonly alerts: AlertBoard;
  readonly enrich: EnrichStage;
  readonly cycle: Cycle;
  readonly holds: HoldBoard;
  readonly ingest: Ingest;
  readonly training: Training;
  readonly users: UserHash;
}

/**
 * Makes the stages out of the instances, and the cycle and the ingest out of the stages.
 *
 * @param keys that users are hashed with
 */
export function assemble(config: ResolvedConfig, services: Services, options: EngineOptions, keys: DayKeys): Parts {
  const { settings } = config;
  const failures = services.get(TOKENS.failures);
  const logger = services.get(TOKENS.logger);
  const meter = services.get(TOKENS.meter);
  const signal = services.get(TOKENS.signal);
  const clock = services.get(TOKENS.clock);
  const hooks = services.get(TOKENS.hooks);
  const store = services.get(TOKENS.store);
  const profiler = services.get(TOKENS.profiler);
  const assessor = services.get(TOKENS.assessor);
  const allocator = services.get(TOKENS.allocator);
  const targets = services.get(TOKENS.targets);
  const sources = services.get(TOKENS.sources);
  for (const { name, instance } of services.get(TOKENS.extensions)) plug(hooks, name, instance);
  const { slots, trainable } = makePredictors(config, services);
  // In a replay a limit would make the outcome depend on the machine.
  const limit = options.mode === 'replay' ? Number.POSITIVE_INFINITY : settings.timeLimit;
  const journal = new Journal(options.onJournal);
  const enrich = new EnrichStage(
    toldApart(services.get(TOKENS.enrichers)).map(({ name, instance }) => ({ name, enricher: instance })),
    failures,
  );
  const calendars = services.get(TOKENS.calendars).map(({ name, instance }) => ({ name, calendar: instance }));
  const actuators = new Map([...targets].map(([pool, { name, instance }]) => [pool, { name, target: instance }] as const));
  const trainingLimit = options.mode === 'replay' ? Number.POSITIVE_INFINITY : settings.training.timeLimit;
  const training = new Training(trainable, settings, options.trainAt, failures, trainingLimit, meter, signal);
  const stages = {
    profile: new ProfileStage(profiler.name, profiler.instance, failures),
    predict: new PredictStage(slots, failures, limit, signal, settings),
    assess: new AssessStage(assessor.name, assessor.instance, failures),
    allocate: new AllocateStage(allocator.name, allocator.instance, failures),
    learn: new LearnStage(
      toldApart(services.get(TOKENS.learners)).map(({ name, instance }) => ({ name, learner: instance })),
      failures,
    ),
    actuate: new ActuateStage(actuators, failures, limit),
    calendar: new CalendarStage(calendars, failures, limit),
    detect: new DetectStage(
      toldApart(services.get(TOKENS.detectors)).map(({ name, instance }, index) => ({
        name,
        detector: instance,
        for: config.detectors[index]?.for ?? 'all',
      })),
      failures,
    ),
    alerts: new AlertBoard(settings.alerts, settings.step, sinksOf(config, services, options.mode), {
      journal,
      meter,
      failures,
      tells: options.mode !== 'replay',
    }),
  };
  const holds = new HoldBoard(
    store,
    settings.pools.map(({ id }) => id),
    journal,
    logger,
  );
  const cycle = new Cycle({
    settings,
    configHash: config.hash,
    shadow: options.mode === 'shadow',
    trustDemand: options.trustDemand ?? false,
    ...stages,
    actuated: new Set(targets.keys()),
    hooks,
    failures,
    journal,
    holds,
    gauges: new PoolGauges(meter, targets.keys()),
    history: training.history,
    logger,
    signal,
  });
  const slotsOfSources = sources.map(({ name, instance }, index) => ({
    // Two sources of one plugin are told apart by their order: adding another kind between them moves no checkpoint.
    name: `${name}#${sources.slice(0, index).filter((other) => other.name === name).length}`,
    source: instance.share && options.mode !== 'replay' ? wholeSource(instance) : instance,
    silence: config.sources[index]?.plugin.capabilities.silence ?? ('zero' as const),
  }));
  const users = new UserHash(keys, (group, pop) => zoneOf(settings.zone, group, pop));
  const shardOptions = {
    stepMs: settings.step,
    latenessMs: settings.lateness,
    maxGroups: settings.maxGroups,
    hashUser: (user: string, usage: Usage) => users.of(user, usage),
    ...(options.mode === 'replay' ? {} : { now: () => clock.now() }),
    enrich,
  };
  const ingest = new Ingest(slotsOfSources, { ...shardOptions, failures, limitMs: limit }, logger, meter);
  return {
    config,
    clock,
    logger,
    meter,
    failures,
    hooks,
    taps: services.get(TOKENS.taps),
    store,
    journal,
    ...stages,
    enrich,
    cycle,
    holds,
    ingest,
    training,
    users,
  };
}

/** Nobody is told of what a replay sees: its sinks are names, under which the store may hold what waits for them. */
function sinksOf(config: ResolvedConfig, services: Services, mode: EngineOptions['mode']): NamedSink[] {
  const instances = mode === 'replay' ? [] : services.get(TOKENS.sinks);
  return config.sinks.map(({ plugin }, index) => {
    const { name = plugin.id, atLeast = 'info' } = config.settings.alerts.sinks[index] ?? {};
    return { name, sink: instances[index]?.instance ?? { send: async () => undefined }, atLeast };
  });
}

/** Two uses of one plugin are told apart by their place among those of its id; the first keeps the id alone. */
function toldApart<T>(all: readonly Named<T>[]): readonly Named<T>[] {
  return all.map(({ name, instance }, index) => {
    const before = all.slice(0, index).filter((other) => other.name === name).length;
    return { name: before === 0 ? name : `${name}#${before}`, instance };
  });
}

function makePredictors(config: ResolvedConfig, services: Services): { slots: PredictorSlot[]; trainable: Trainable[] } {
  const slots: PredictorSlot[] = [];
  const trainable: Trainable[] = [];
  const instances = services.get(TOKENS.predictors);
  for (const [index, used] of config.predictors.entries()) {
    const predictor = instances[index]?.instance as Predictor;
    const { batch, trains, regimes } = used.plugin.capabilities;
    // Two uses of one predictor are told apart by their place.
    const twice = config.predictors.filter((other) => other.plugin.id === used.plugin.id).length > 1;
    const name = twice ? used.path : used.plugin.id;
    slots.push({ name, predictor, batch, regimes: regimes ?? false, for: used.for });
    if (trains) trainable.push({ name, predictor });
  }
  return { slots, trainable };
}
