import type { z } from 'zod';
import type { PluginContext } from './context.ts';
import type { Actuator, ActuatorCapabilities } from './stages/actuate.ts';
import type { AlertSink } from './stages/alert.ts';
import type { Allocator } from './stages/allocate.ts';
import type { Assessor } from './stages/assess.ts';
import type { Calendar } from './stages/calendar.ts';
import type { Detector } from './stages/detect.ts';
import type { Enricher } from './stages/enrich.ts';
import type { Learner } from './stages/learn.ts';
import type { Predictor, PredictorCapabilities } from './stages/predict.ts';
import type { Profiler } from './stages/profile.ts';
import type { Source, SourceCapabilities } from './stages/source.ts';
import type { Store, StoreCapabilities } from './store.ts';

/** Version of these contracts. A plugin built for another major is refused by the loader. */
export const CONTRACT_VERSION = 1;

type NoCapabilities = Readonly<Record<never, never>>;

/** Each kind of plugin: what `create` returns and what it declares. The one list of kinds. */
export interface PluginKinds {
  source: { instance: Source; capabilities: SourceCapabilities };
  enricher: { instance: Enricher; capabilities: NoCapabilities };
  profiler: { instance: Profiler; capabilities: NoCapabilities };
  predictor: { instance: Predictor; capabilities: PredictorCapabilities };
  assessor: { instance: Assessor; capabilities: NoCapabilities };
  allocator: { instance: Allocator; capabilities: NoCapabilities };
  actuator: { instance: Actuator; capabilities: ActuatorCapabilities };
  learner: { instance: Learner; capabilities: NoCapabilities };
  detector: { instance: Detector; capabilities: NoCapabilities };
  alertSink: { instance: AlertSink; capabilities: NoCapabilities };
  calendar: { instance: Calendar; capabilities: NoCapabilities };
  store: { instance: Store; capabilities: StoreCapabilities };
}
export type PluginKind = keyof PluginKinds;

/**
 * A plugin as a value: what `definePredictor` and its kin return.
 *
 * `create` receives options that were already validated, defaulted and frozen. It MUST NOT start timers or open
 * connections before the engine starts it through the instance's own methods.
 */
export interface Plugin<K extends PluginKind = PluginKind, C extends z.ZodType = z.ZodType> {
  readonly kind: K;
  /** Lower-case kebab, unique in its kind. */
  readonly id: string;
  readonly contract: number;
  /** One strict zod object: validation, types, defaults and docs. */
  readonly config: C;
  readonly capabilities: PluginKinds[K]['capabilities'];
  /** One sentence for `auspex describe`. */
  readonly summary: string;
  create(options: z.output<C>, context: PluginContext): PluginKinds[K]['instance'];
}

/** What an author writes: a plugin without what `define…` adds. */
export type PluginSpec<K extends PluginKind, C extends z.ZodType, I> = Omit<
  Plugin<K, C>,
  'kind' | 'contract' | 'capabilities' | 'create'
> & { create(options: z.output<C>, context: PluginContext): I } & (PluginKinds[K]['capabilities'] extends NoCapabilities
    ? object extends PluginKinds[K]['capabilities']
      ? { capabilities?: NoCapabilities }
      : { capabilities: PluginKinds[K]['capabilities'] }
    : { capabilities: PluginKinds[K]['capabilities'] });

function define<K extends PluginKind, C extends z.ZodType, I>(kind: K, spec: PluginSpec<K, C, I>): Plugin<K, C> {
  const { capabilities = {} } = spec as { capabilities?: object };
  // An author's state type is his own; the engine hands back only states that the same instance made.
  return Object.freeze({ ...spec, capabilities, kind, contract: CONTRACT_VERSION }) as unknown as Plugin<K, C>;
}

/** Defines a source. @see Source */
export const defineSource = <C extends z.ZodType>(spec: PluginSpec<'source', C, Source>): Plugin<'source', C> => define('source', spec);
/** Defines an enricher. @see Enricher */
export const defineEnricher = <C extends z.ZodType, S>(spec: PluginSpec<'enricher', C, Enricher<S>>): Plugin<'enricher', C> =>
  define('enricher', spec);
/** Defines a profiler. @see Profiler */
export const defineProfiler = <C extends z.ZodType, S>(spec: PluginSpec<'profiler', C, Profiler<S>>): Plugin<'profiler', C> =>
  define('profiler', spec);
/** Defines a predictor. @see Predictor */
export const definePredictor = <C extends z.ZodType, S>(spec: PluginSpec<'predictor', C, Predictor<S>>): Plugin<'predictor', C> =>
  define('predictor', spec);
/** Defines an assessor. @see Assessor */
export const defineAssessor = <C extends z.ZodType>(spec: PluginSpec<'assessor', C, Assessor>): Plugin<'assessor', C> =>
  define('assessor', spec);
/** Defines an allocator. @see Allocator */
export const defineAllocator = <C extends z.ZodType, S>(spec: PluginSpec<'allocator', C, Allocator<S>>): Plugin<'allocator', C> =>
  define('allocator', spec);
/** Defines an actuator. @see Actuator */
export const defineActuator = <C extends z.ZodType>(spec: PluginSpec<'actuator', C, Actuator>): Plugin<'actuator', C> =>
  define('actuator', spec);
/** Defines a learner. @see Learner */
export const defineLearner = <C extends z.ZodType, S>(spec: PluginSpec<'learner', C, Learner<S>>): Plugin<'learner', C> =>
  define('learner', spec);
/** Defines a detector. @see Detector */
export const defineDetector = <C extends z.ZodType, S>(spec: PluginSpec<'detector', C, Detector<S>>): Plugin<'detector', C> =>
  define('detector', spec);
/** Defines an alert sink. @see AlertSink */
export const defineAlertSink = <C extends z.ZodType>(spec: PluginSpec<'alertSink', C, AlertSink>): Plugin<'alertSink', C> =>
  define('alertSink', spec);
/** Defines a calendar. @see Calendar */
export const defineCalendar = <C extends z.ZodType>(spec: PluginSpec<'calendar', C, Calendar>): Plugin<'calendar', C> =>
  define('calendar', spec);
/** Defines a store. @see Store */
export const defineStore = <C extends z.ZodType>(spec: PluginSpec<'store', C, Store>): Plugin<'store', C> => define('store', spec);

/** How a config names a plugin: by value (or by id, where the engine has a catalogue), with its options. */
export interface PluginUse<K extends PluginKind = PluginKind> {
  /** Predictors only: which series. Default all. */
  readonly for?: 'all' | 'pools' | 'groups';
  readonly use: Plugin<K> | string;
  readonly with?: unknown;
}

/** A typed `PluginUse`: a wrong option is a compile error. */
export function use<K extends PluginKind, C extends z.ZodType>(
  plugin: Plugin<K, C>,
  ...options: Record<never, never> extends z.input<C> ? [options?: z.input<C>] : [options: z.input<C>]
): PluginUse<K> {
  return { use: plugin as unknown as Plugin<K>, with: options[0] ?? {} };
}
