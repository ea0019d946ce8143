import type {
  AlertSink,
  Allocator,
  Assessor,
  Calendar,
  Clock,
  Detector,
  Enricher,
  Extension,
  Learner,
  Logger,
  Meter,
  PluginContext,
  PluginKind,
  PluginKinds,
  Predictor,
  Profiler,
  Source,
  Store,
} from '@auspex/contracts';
import type { ResolvedPlugin } from '../config/parse.ts';
import type { EngineHooks } from '../hooks/hooks.ts';
import type { TapLedger } from '../hooks/ledger.ts';
import type { Target } from '../stages/actuate.ts';
import type { Failures } from '../stages/failures.ts';
import { token } from './services.ts';

/** A plugin's instance under the name that errors and the journal give it. */
export interface Named<T> {
  readonly name: string;
  readonly instance: T;
}

/** What the container holds. A host replaces the first three; the rest is made from the config. */
export const TOKENS = {
  clock: token<Clock>('clock'),
  logger: token<Logger>('logger'),
  meter: token<Meter>('meter'),
  signal: token<AbortSignal>('signal'),
  /** Makes the context of one plugin: its own random stream and logger. */
  context: token<(plugin: ResolvedPlugin, secret?: string) => PluginContext>('context'),
  /** Makes one instance more, after the engine was built. */
  make: token<(plugin: ResolvedPlugin) => Named<PluginKinds[PluginKind]['instance']>>('make'),
  hooks: token<EngineHooks>('hooks'),
  taps: token<TapLedger>('taps'),
  failures: token<Failures>('failures'),
  store: token<Store>('store'),
  sources: token<readonly Named<Source>[]>('sources'),
  enrichers: token<readonly Named<Enricher>[]>('enrichers'),
  profiler: token<Named<Profiler>>('profiler'),
  predictors: token<readonly Named<Predictor>[]>('predictors'),
  assessor: token<Named<Assessor>>('assessor'),
  allocator: token<Named<Allocator>>('allocator'),
  learners: token<readonly Named<Learner>[]>('learners'),
  extensions: token<readonly Named<Extension>[]>('extensions'),
  calendars: token<readonly Named<Calendar>[]>('calendars'),
  detectors: token<readonly Named<Detector>[]>('detectors'),
  sinks: token<readonly Named<AlertSink>[]>('sinks'),
  targets: token<ReadonlyMap<string, Named<Target>>>('targets'),
};
