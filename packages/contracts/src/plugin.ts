import type { z } from 'zod';
import type { PluginContext } from './context.ts';
import type { Actuator, ActuatorCapabilities } from './stages/actuate.ts';
import type { AlertSink } from './stages/alert.ts';
import type { Allocator } from './stages/allocate.ts';
import type { Assessor } from './stages/assess.ts';
import type { Calendar } from './stages/calendar.ts';
import type { Detector } from './stages/detect.ts';
import type { Enricher } from './stages/enrich.ts';
import type { Extension } from './stages/extend.ts';
import type { Learner } from './stages/learn.ts';
import type { Predictor, PredictorCapabilities } from './stages/predict.ts';
import type { Profiler } from './stages/profile.ts';
import type { Source, SourceCapabilities } from './stages/source.ts';
import type { Store, StoreCapabilities } from './store.ts';

/** Version of these contracts. A plugin built for another one is refused by the loader. */
export const CONTRACT_VERSION = 1;

/** The releases of `@auspex/contracts` that hold each contract version: what a plugin names as its peer dependency. */
export const CONTRACT_RELEASES: Readonly<Record<number, string>> = Object.freeze({ 1: '^0.1.0' });

/** Marks what `define…` returned; the same symbol in every copy of this package. */
export const PLUGIN: unique symbol = Symbol.for('auspex/plugin');

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
  extension: { instance: Extension; capabilities: NoCapabilities };
}
export type PluginKind = keyof PluginKinds;

/** Each kind with the function that defines one. */
export const DEFINED_BY = Object.freeze({
  source: 'defineSource',
  enricher: 'defineEnricher',
  profiler: 'defineProfiler',
  predictor: 'definePredictor',
  assessor: 'defineAssessor',
  allocator: 'defineAllocator',
  actuator: 'defineActuator',
  learner: 'defineLearner',
  detector: 'defineDetector',
  alertSink: 'defineAlertSink',
  calendar: 'defineCalendar',
  store: 'defineStore',
  extension: 'defineExtension',
} as const satisfies Record<PluginKind, string>);

/**
 * A plugin as a value: what `definePredictor` and its kin return.
 *
 * `create` receives options that were already validated, defaulted and frozen. It MUST NOT start timers or open
 * connections before the engine starts it through the instance's own methods.
 */
export interface Plugin<K extends PluginKind = PluginKind, C extends z.ZodType = z.ZodType> {
  readonly [PLUGIN]: true;
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
  typeof PLUGIN | 'kind' | 'contract' | 'capabilities' | 'create'
> & { create(options: z.output<C>, context: PluginContext): I } & (PluginKinds[K]['capabilities'] extends NoCapabilities
    ? object extends PluginKinds[K]['capabilities']
      ? { capabilities?: NoCapabilities }
      : { capabilities: PluginKinds[K]['capabilities'] }
    : { capabilities: PluginKinds[K]['capabilities'] });

function define<K extends PluginKind, C extends z.ZodType, I>(kind: K, spec: PluginSpec<K, C, I>): Plugin<K, C> {
  const { capabilities = {} } = spec as { capabilities?: object };
  // An author's state type is his own; the engine hands back only states that the same instance made.
  return Object.freeze({ ...spec, [PLUGIN]: true, capabilities, kind, contract: CONTRACT_VERSION }) as unknown as Plugin<K, C>;
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

/** Defines an extension. @see Extension */
export const defineExtension = <C extends z.ZodType>(spec: PluginSpec<'extension', C, Extension>): Plugin<'extension', C> =>
  define('extension', spec);

/** Is this what a `define…` returned, in whichever copy of this package? */
export function isPlugin(value: unknown): value is Plugin {
  return typeof value === 'object' && value !== null && (value as { [PLUGIN]?: unknown })[PLUGIN] === true;
}

/** Where a plugin's code runs: with the engine, or in a process of its own, with the limits that `@auspex/remote` knows. */
export type Isolation = 'inline' | 'process' | { readonly process: Readonly<Record<string, unknown>> };

/** How a config names a plugin, with its options. */
export interface PluginUse<K extends PluginKind = PluginKind> {
  /** Predictors only: which series. Default all. */
  readonly for?: 'all' | 'pools' | 'groups';
  /**
   * A plugin by value; or by the id of a bundled one (`csv`), by package (`@acme/auspex-scaler`, and
   * `@acme/auspex-scaler#fleet` where it exports several), or by file (`./scaler.js`, from the config's folder).
   */
  readonly use: Plugin<K> | string;
  readonly with?: unknown;
  /**
   * Default `inline`, which contains what a plugin throws, rejects, returns wrongly or never answers. `process` also
   * contains endless loops, memory and crashes; only for a plugin named by package or file. Limits go inside:
   * `isolation: { process: { deadline: '2s', memory: 256 } }`.
   */
  readonly isolation?: Isolation;
}

/** A typed `PluginUse`: a wrong option is a compile error. */
export function use<K extends PluginKind, C extends z.ZodType>(
  plugin: Plugin<K, C>,
  ...options: Record<never, never> extends z.input<C> ? [options?: z.input<C>] : [options: z.input<C>]
): PluginUse<K> {
  return { use: plugin as unknown as Plugin<K>, with: options[0] ?? {} };
}
