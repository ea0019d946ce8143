import {
  type Actuator,
  AuspexError,
  type Clock,
  type Logger,
  type Meter,
  type PluginContext,
  type PluginKind,
  type PluginKinds,
  type Random,
  type Store,
} from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import type { ResolvedConfig, ResolvedPlugin } from '../config/parse.ts';
import { VirtualClock, WallClock } from '../defaults/clock.ts';
import { loggerOf, MemoryMeter, silentLogger } from '../defaults/logger.ts';
import { withTimeLimit } from '../defaults/time-limit.ts';
import { attributeTaps } from '../hooks/attribute.ts';
import { createHooks } from '../hooks/hooks.ts';
import { TapLedger } from '../hooks/ledger.ts';
import type { Lifecycle } from '../lifecycle/state.ts';
import { KEYS } from '../persistence/keys.ts';
import { scopedStore } from '../persistence/scoped.ts';
import { Failures } from '../stages/failures.ts';
import { Services } from './services.ts';
import { type Named, TOKENS } from './tokens.ts';

/** What a host hands in instead of the defaults. */
export interface HostServices {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  readonly meter?: Meter;
  /** Replaces the config's store; the host closes it. A replay reads it and writes nothing. */
  readonly store?: Store;
  /** Does the host's store survive the process? Default true. */
  readonly durable?: boolean;
  /** Replaces the config's actuators, by pool; the host closes them. */
  readonly actuators?: ReadonlyMap<string, Actuator>;
}

/** What the mode of an engine decides for its services. */
export interface Pace {
  readonly replay: boolean;
  /** Random in live and shadow, nothing in a replay; asked when enrichers are made, after the store that holds it. */
  secret(): string;
}

/**
 * The composition root: every service and plugin instance of one engine. Instances are made here, in the order of the
 * flow, and handed to `lifecycle`, which closes them in reverse.
 *
 * @throws PLUGIN_FAILED naming the plugin whose `create` threw
 */
export function registerServices(
  config: ResolvedConfig,
  host: HostServices,
  signal: AbortSignal,
  lifecycle: Lifecycle,
  pace: Pace,
): Services {
  const services = new Services()
    .provide(TOKENS.clock, () => host.clock ?? (pace.replay ? new VirtualClock() : new WallClock()))
    .provide(TOKENS.logger, () => host.logger ?? silentLogger)
    .provide(TOKENS.meter, () => host.meter ?? new MemoryMeter())
    .value(TOKENS.signal, signal)
    .provide(TOKENS.failures, (s) => new Failures(config.settings.onFailure, s.get(TOKENS.logger), s.get(TOKENS.meter)))
    .provide(TOKENS.hooks, (s) => {
      const hooks = createHooks();
      // In a replay, too: a tap that hangs would hang the whole backtest.
      attributeTaps(hooks, s.get(TOKENS.failures), s.get(TOKENS.taps), config.settings.timeLimit);
      return hooks;
    })
    .provide(TOKENS.taps, () => new TapLedger())
    .provide(
      TOKENS.context,
      (s) =>
        (used: ResolvedPlugin, secret = ''): PluginContext => ({
          clock: s.get(TOKENS.clock),
          random: (host.random ?? new SeededRandom(`${config.settings.seed}/${secret}`)).fork(used.path),
          logger: loggerOf(s.get(TOKENS.logger), used.path),
          meter: s.get(TOKENS.meter),
          store: scopedStore(
            () => {
              if (used.plugin.kind !== 'store') return s.get(TOKENS.store);
              throw new AuspexError('SUPPORT', 'a store has no store', { path: used.path, remedy: 'Keep it in the store itself.' });
            },
            KEYS.plugin(used.plugin.kind, used.plugin.id),
          ),
          signal,
        }),
    );
  const make = <K extends PluginKind>(used: ResolvedPlugin<K>, secret = ''): Named<PluginKinds[K]['instance']> => {
    const instance = create(used, services.get(TOKENS.context)(used, secret));
    const close = (instance as { close?: () => Promise<void> }).close;
    if (close) {
      const bounded = (): Promise<void> => withTimeLimit(Promise.resolve(close.call(instance)), config.settings.timeLimit, 'close');
      lifecycle.opened({ name: used.path, close: bounded });
    }
    return { name: used.plugin.id, instance };
  };
  return services
    .value(TOKENS.make, make)
    .provide(TOKENS.store, () => host.store ?? make(config.store).instance)
    .provide(TOKENS.sources, () => config.sources.map((used) => make(used)))
    .provide(TOKENS.enrichers, () =>
      // Enrichers hash users: theirs alone is a randomness that nobody can look up in the config.
      config.enrich.map((used) => make(used, pace.secret())),
    )
    .provide(TOKENS.profiler, () => make(config.profiler))
    .provide(TOKENS.predictors, () => config.predictors.map((used) => make(used)))
    .provide(TOKENS.assessor, () => make(config.assess))
    .provide(TOKENS.allocator, () => make(config.allocate))
    .provide(TOKENS.learners, () => config.learners.map((used) => make(used)))
    .provide(TOKENS.extensions, () => config.extensions.map((used) => make(used)))
    .provide(TOKENS.calendars, () => config.calendars.map((used) => make(used)))
    .provide(TOKENS.detectors, () => config.detectors.map((used) => make(used)))
    .provide(TOKENS.sinks, () => config.sinks.map((used) => make(used)))
    .provide(TOKENS.targets, () => {
      const targets = new Map<string, Named<Actuator>>();
      for (const [pool, used] of config.actuators) if (!host.actuators?.has(pool)) targets.set(pool, make(used));
      for (const [pool, instance] of host.actuators ?? []) targets.set(pool, { name: 'host', instance });
      return targets;
    });
}

/** Makes one instance; what its author throws comes with the plugin's name. */
function create<K extends PluginKind>(used: ResolvedPlugin<K>, context: PluginContext): PluginKinds[K]['instance'] {
  try {
    return used.plugin.create(used.options as never, context) as PluginKinds[K]['instance'];
  } catch (error) {
    if (error instanceof AuspexError) throw error;
    throw new AuspexError('PLUGIN_FAILED', `could not be made: ${(error as Error).message}`, { path: used.path, cause: error });
  }
}
