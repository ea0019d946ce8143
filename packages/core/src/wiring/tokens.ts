import type {
  Allocator,
  Assessor,
  Calendar,
  Clock,
  Enricher,
  Logger,
  Meter,
  PluginContext,
  Profiler,
  Source,
  Store,
} from '@auspex/contracts';
import type { EngineHooks } from '../hooks/hooks.ts';
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
  context: token<(plugin: string, secret?: string) => PluginContext>('context'),
  hooks: token<EngineHooks>('hooks'),
  failures: token<Failures>('failures'),
  store: token<Store>('store'),
  sources: token<readonly Named<Source>[]>('sources'),
  enrichers: token<readonly Named<Enricher>[]>('enrichers'),
  profiler: token<Named<Profiler>>('profiler'),
  assessor: token<Named<Assessor>>('assessor'),
  allocator: token<Named<Allocator>>('allocator'),
  calendars: token<readonly Named<Calendar>[]>('calendars'),
  targets: token<ReadonlyMap<string, Named<Target>>>('targets'),
};
