import { createHash } from 'node:crypto';
import { AuspexError, DEFINED_BY, formatDuration, isPlugin, type Plugin, type PluginKind, type PluginUse } from '@auspex/contracts';
import { zone as zoneOf } from '@auspex/numerics';
import type { z } from 'zod';
import { ruleProblems } from '../alerting/rules.ts';
import type { Loaded } from '../loader/loaded.ts';
import { mapSlots, slotsOf } from '../loader/slots.ts';
import { isModule } from '../loader/specifier.ts';
import { versionProblem } from '../loader/version.ts';
import { keysAt } from './describe.ts';
import { glob } from './glob.ts';
import { type EngineSettings, engineConfig } from './schema.ts';
import { didYouMean } from './suggest.ts';
import { shown, withArticle } from './words.ts';

/** A plugin with its parsed, frozen options, and where in the config it stands. */
export interface ResolvedPlugin<K extends PluginKind = PluginKind> {
  readonly plugin: Plugin<K>;
  readonly options: unknown;
  readonly path: string;
  readonly for: 'all' | 'pools' | 'groups';
}

export interface ResolvedConfig {
  readonly settings: EngineSettings;
  readonly sources: readonly ResolvedPlugin<'source'>[];
  readonly enrich: readonly ResolvedPlugin<'enricher'>[];
  readonly profiler: ResolvedPlugin<'profiler'>;
  readonly predictors: readonly ResolvedPlugin<'predictor'>[];
  readonly assess: ResolvedPlugin<'assessor'>;
  readonly allocate: ResolvedPlugin<'allocator'>;
  readonly learners: readonly ResolvedPlugin<'learner'>[];
  readonly calendars: readonly ResolvedPlugin<'calendar'>[];
  readonly detectors: readonly ResolvedPlugin<'detector'>[];
  readonly sinks: readonly ResolvedPlugin<'alertSink'>[];
  readonly extensions: readonly ResolvedPlugin<'extension'>[];
  readonly store: ResolvedPlugin<'store'>;
  /** By pool id. */
  readonly actuators: ReadonlyMap<string, ResolvedPlugin<'actuator'>>;
  /** Twelve hex digits; equal configs hash alike wherever they are written. */
  readonly hash: string;
}

/** Plugins that a config may name by id. */
export type Catalogue = readonly Plugin[];

/**
 * Validates a config, resolves and configures its plugins. All that is wrong is reported at once, each with its path.
 *
 * @param loaded what the loader knows of the plugins that it imported, by path
 * @throws CONFIG_INVALID, PLUGIN_UNKNOWN, PLUGIN_INVALID, PLUGIN_VERSION, STEP_INVALID or ZONE_UNKNOWN when that is all that is wrong;
 * CONFIG_INVALID with every line when several things are
 */
export function parseConfig(input: unknown, catalogue: Catalogue = [], loaded: ReadonlyMap<string, Loaded> = new Map()): ResolvedConfig {
  const problems: AuspexError[] = [];
  const resolve = <K extends PluginKind>(kind: K, use: PluginUse, path: string): ResolvedPlugin<K> =>
    resolvePlugin(kind, use, path, catalogue, problems, loaded.get(path));
  const parsed = engineConfig.safeParse(input);
  if (!parsed.success) {
    // What is wrong with the plugins is wrong whatever else is.
    problems.push(...zodProblems(parsed.error, '', input, engineConfig));
    for (const { kind, use, path } of slotsOf(input)) resolve(kind, use, path);
    throw gather(problems);
  }
  const settings = parsed.data;
  checkStep(settings.step, problems);
  checkZones(settings, problems);
  checkPools(settings, problems);
  checkTraining(settings, problems);
  checkFreezes(settings, problems);
  checkLeases(settings, problems);
  problems.push(...ruleProblems(settings.alerts.rules));
  const list = <K extends PluginKind>(kind: K, uses: readonly PluginUse[], path: string): ResolvedPlugin<K>[] =>
    uses.map((use, index) => resolve(kind, use, `${path}[${index}]`));
  const actuators = new Map<string, ResolvedPlugin<'actuator'>>();
  settings.pools.forEach((pool, index) => {
    if (pool.actuator) actuators.set(pool.id, resolve('actuator', pool.actuator, `pools[${index}].actuator`));
  });
  const resolved = {
    settings,
    sources: list('source', settings.sources, 'sources'),
    enrich: list('enricher', settings.enrich, 'enrich'),
    profiler: resolve('profiler', settings.profiler, 'profiler'),
    predictors: list('predictor', settings.predictors, 'predictors'),
    assess: resolve('assessor', settings.assess, 'assess'),
    allocate: resolve('allocator', settings.allocate, 'allocate'),
    learners: list('learner', settings.learners, 'learners'),
    calendars: list('calendar', settings.calendars, 'calendars'),
    detectors: list('detector', settings.detectors, 'detectors'),
    sinks: list('alertSink', settings.alerts.sinks as readonly PluginUse[], 'alerts.sinks'),
    store: resolve('store', settings.store, 'store'),
    extensions: list('extension', settings.extensions, 'extensions'),
    actuators,
  };
  checkSinks(resolved.sinks, settings, problems);
  if (problems.length > 0) throw gather(problems);
  return { ...resolved, hash: configHash(resolved) };
}

/** One plugin by itself, as `parseConfig` resolves each. @throws AuspexError */
export function parseUse<K extends PluginKind>(kind: K, use: PluginUse<K>, path: string, catalogue: Catalogue): ResolvedPlugin<K> {
  const problems: AuspexError[] = [];
  const resolved = resolvePlugin(kind, use as PluginUse, path, catalogue, problems, undefined);
  if (problems.length > 0) throw gather(problems);
  return resolved;
}

function resolvePlugin<K extends PluginKind>(
  kind: K,
  use: PluginUse,
  path: string,
  catalogue: Catalogue,
  problems: AuspexError[],
  loaded: Loaded | undefined,
): ResolvedPlugin<K> {
  const nothing = { plugin: undefined as unknown as Plugin<K>, options: undefined, path, for: 'all' as const };
  const fail = (error: AuspexError): ResolvedPlugin<K> => {
    problems.push(error);
    return nothing;
  };
  if (loaded?.problem) return fail(loaded.problem);
  const known = catalogue.filter((plugin) => plugin.kind === kind);
  let plugin: unknown = use.use;
  if (typeof use.use === 'string') {
    plugin = known.find((candidate) => candidate.id === use.use);
    if (!plugin) return fail(unknownPlugin(kind, use.use, path, known));
  }
  if (!isPlugin(plugin))
    return fail(new AuspexError('PLUGIN_INVALID', `expected ${withArticle(kind)}, as ${DEFINED_BY[kind]} returns it`, { path }));
  if (plugin.kind !== kind)
    return fail(
      new AuspexError('PLUGIN_INVALID', `"${plugin.id}" is ${withArticle(plugin.kind)}, and ${withArticle(kind)} is needed here`, { path }),
    );
  const version = versionProblem(plugin, path, loaded?.manifest);
  if (version) return fail(version);
  if (typeof plugin.create !== 'function' || typeof (plugin.config as z.ZodType | undefined)?.safeParse !== 'function')
    return fail(new AuspexError('PLUGIN_INVALID', `"${plugin.id}" lacks create or config, a zod schema`, { path }));
  if (use.isolation !== undefined && use.isolation !== 'inline') {
    const remedy = 'Name the plugin by package or file, and pass the config through loadPlugins; or leave isolation out.';
    return fail(new AuspexError('SUPPORT', 'isolation: process is not to be had for a plugin by value or by id', { path, remedy }));
  }
  const odd = oddity(plugin);
  if (odd !== undefined) return fail(new AuspexError('PLUGIN_INVALID', odd, { path }));
  const named = `${path}(${plugin.id})`;
  const scope = use.for ?? 'all';
  if (!['all', 'pools', 'groups'].includes(scope))
    return fail(new AuspexError('CONFIG_INVALID', `for: "${scope}" is none of all, pools, groups`, { path: named }));
  const resolved = (options: unknown): ResolvedPlugin<K> => ({
    plugin: plugin as unknown as Plugin<K>,
    options,
    path: named,
    for: scope as 'all',
  });
  const before = (use as ParsedUse)[PARSED];
  // Whoever has changed the options since, or put them to another plugin, has them parsed anew.
  if (before && before.given === use.with && before.by === plugin) return resolved(before.options);
  let parsed: z.ZodSafeParseResult<unknown>;
  try {
    parsed = (plugin.config as z.ZodType).safeParse(use.with ?? {});
  } catch (cause) {
    const message = `its schema throws: ${cause instanceof Error ? cause.message : String(cause)}`;
    return fail(
      new AuspexError('PLUGIN_INVALID', message, {
        path: named,
        cause,
        remedy: 'A schema answers at once: no async refinement, no throwing transform.',
      }),
    );
  }
  if (!parsed.success) {
    problems.push(...zodProblems(parsed.error, named, use.with, plugin.config as z.ZodType));
    return nothing;
  }
  return resolved(freezeMade(parsed.data, use.with));
}

/** What plain JavaScript may have got wrong, where TypeScript would have said so; undefined = nothing. */
function oddity(plugin: Plugin): string | undefined {
  if (typeof plugin.id !== 'string' || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(plugin.id))
    return `the id "${String(plugin.id)}" is no lower-case kebab text`;
  if (typeof plugin.capabilities !== 'object' || plugin.capabilities === null) return `"${plugin.id}" declares no capabilities`;
  return typeof plugin.summary === 'string' ? undefined : `"${plugin.id}" has no summary`;
}

/** Marks a use whose options were parsed already: they are parsed once, by whoever comes first. */
const PARSED: unique symbol = Symbol('parsed');
type ParsedUse = PluginUse & { readonly [PARSED]?: { readonly by: Plugin; readonly given: unknown; readonly options: unknown } };

/** The config with each plugin's parsed options beside it, so that a default such as a random id is made once. */
export function withParsed(config: unknown, resolved: ResolvedConfig): unknown {
  const all = [
    ...resolved.sources,
    ...resolved.enrich,
    resolved.profiler,
    ...resolved.predictors,
    resolved.assess,
    resolved.allocate,
    ...resolved.calendars,
    ...resolved.detectors,
    ...resolved.sinks,
    resolved.store,
    ...resolved.extensions,
    ...resolved.actuators.values(),
  ];
  const byPath = new Map(all.map((used) => [used.path.slice(0, used.path.lastIndexOf('(')), used] as const));
  return mapSlots(config, ({ path, use }) => {
    const used = byPath.get(path);
    return used ? ({ ...use, [PARSED]: { by: used.plugin, given: use.with, options: used.options } } as PluginUse) : use;
  });
}

/** Freezes what parsing has made, and leaves what the caller handed in as it is: a client of the host is the host's. */
function freezeMade<T>(made: T, given: unknown, seen = new Set<unknown>()): T {
  if (seen.size === 0) collect(given, seen);
  if (typeof made !== 'object' || made === null || seen.has(made) || ArrayBuffer.isView(made)) return made;
  if (!Array.isArray(made) && Object.getPrototypeOf(made) !== Object.prototype) return made;
  seen.add(made);
  Object.freeze(made);
  for (const inner of Object.values(made)) freezeMade(inner, given, seen);
  return made;
}

/** Every object that can be reached from a value. */
function collect(value: unknown, found: Set<unknown>): void {
  found.add(value);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  for (const inner of Object.values(value)) if (!found.has(inner)) collect(inner, found);
}

function unknownPlugin(kind: PluginKind, name: string, path: string, known: readonly Plugin[]): AuspexError {
  const ids = known.map((candidate) => candidate.id);
  if (isModule(name)) {
    return new AuspexError('PLUGIN_UNKNOWN', `"${name}" names a package or a file, which has to be imported first`, {
      path,
      remedy: 'Pass the config through `await loadPlugins(config, { from: import.meta.url })`, or pass the plugin by value.',
    });
  }
  const hint = didYouMean(name, ids) || ', and no package of that name is installed.';
  return new AuspexError('PLUGIN_UNKNOWN', `no ${kind} is called "${name}"${hint} There are: ${ids.join(', ') || 'none'}`, { path });
}

/** Each issue of a zod error as one problem with the path into the config. */
function zodProblems(error: z.ZodError, prefix: string, input: unknown, schema: z.ZodType): AuspexError[] {
  return error.issues.flatMap((issue) => {
    const path = joinPath(prefix, issue.path);
    if (issue.code === 'unrecognized_keys') {
      const siblings = keysAt(schema, issue.path);
      return issue.keys.map(
        (key) => new AuspexError('CONFIG_INVALID', `unknown key${didYouMean(key, siblings)}`, { path: joinPath(path, [key]) }),
      );
    }
    return [new AuspexError('CONFIG_INVALID', issueText(issue, valueAt(input, issue.path)), { path: path || 'config' })];
  });
}

/** What is wrong with a value: the schema's own words, where it has any; zod's name neither the value nor its neighbour. */
function issueText(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_key') return issue.issues[0] ? issueText(issue.issues[0], issue.path.at(-1)) : issue.message;
  if (value === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value')) return 'is missing';
  if (issue.code !== 'invalid_value' || !issue.message.startsWith('Invalid ')) return issue.message;
  const names = issue.values.map(String);
  return `${shown(value)} is ${names.length === 1 ? 'not' : 'none of'} ${names.join(', ')}${didYouMean(String(value), names)}`;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input as Record<PropertyKey, unknown> | undefined;
  for (const key of path) value = value?.[key] as Record<PropertyKey, unknown> | undefined;
  return value;
}

function joinPath(prefix: string, path: readonly PropertyKey[]): string {
  let text = prefix;
  for (const key of path) text += typeof key === 'number' ? `[${key}]` : `${text ? '.' : ''}${String(key)}`;
  return text;
}

function gather(problems: readonly AuspexError[]): AuspexError {
  const [first] = problems;
  if (problems.length === 1 && first) return first;
  const codes = new Set(problems.map((problem) => problem.code));
  const code = codes.size === 1 && first ? first.code : 'CONFIG_INVALID';
  const lines = problems.map((problem) => `  ${problem.message}\n    ${problem.remedy}`).join('\n');
  return new AuspexError(code, `${problems.length} things are wrong:\n${lines}`, { path: 'config', cause: problems });
}

function checkStep(step: number, problems: AuspexError[]): void {
  if (step >= 1000 && 3_600_000 % step === 0) return;
  problems.push(new AuspexError('STEP_INVALID', `a step of ${formatDuration(step)} does not divide an hour`, { path: 'step' }));
}

function checkZones(settings: EngineSettings, problems: AuspexError[]): void {
  const named: (readonly [path: string, id: string])[] =
    typeof settings.zone === 'string'
      ? [['zone', settings.zone]]
      : [
          ['zone.default', settings.zone.default],
          ...Object.entries(settings.zone.pops).map(([pop, id]) => [`zone.pops.${pop}`, id] as const),
          ...Object.entries(settings.zone.groups).map(([group, id]) => [`zone.groups.${group}`, id] as const),
        ];
  for (const [path, id] of named) {
    try {
      zoneOf(id);
    } catch (cause) {
      problems.push(new AuspexError('ZONE_UNKNOWN', `"${id}" is no time zone`, { path, cause }));
    }
  }
}

function checkPools(settings: EngineSettings, problems: AuspexError[]): void {
  const seen = new Set<string>();
  settings.pools.forEach((pool, index) => {
    const path = `pools[${index}]`;
    if (seen.has(pool.id))
      problems.push(new AuspexError('CONFIG_INVALID', `a pool called "${pool.id}" stands above already`, { path: `${path}.id` }));
    seen.add(pool.id);
    if (pool.also?.[pool.measure] !== undefined)
      problems.push(new AuspexError('CONFIG_INVALID', `${pool.measure} is the pool's measure already`, { path: `${path}.also` }));
    if (pool.min > pool.max)
      problems.push(new AuspexError('CONFIG_INVALID', `min ${pool.min} is above max ${pool.max}`, { path: `${path}.min` }));
  });
}

function checkSinks(sinks: readonly ResolvedPlugin<'alertSink'>[], { alerts }: EngineSettings, problems: AuspexError[]): void {
  const seen = new Set<string>();
  for (const [index, { plugin }] of sinks.entries()) {
    if (!plugin) continue;
    const { name = plugin.id } = alerts.sinks[index] ?? {};
    if (seen.has(name)) {
      problems.push(
        new AuspexError('CONFIG_INVALID', `a sink called "${name}" stands above already, and what waits for a sink is kept by its name`, {
          path: `alerts.sinks[${index}]`,
          remedy: 'Give each a name of its own: { use: alertmanager, name: alertmanager-eu }.',
        }),
      );
    }
    seen.add(name);
  }
}

function checkFreezes({ freezes = [], pools }: EngineSettings, problems: AuspexError[]): void {
  freezes.forEach((freeze, index) => {
    const path = `freezes[${index}]`;
    freeze.pools.forEach((pattern, at) => {
      const covers = glob([pattern]);
      // A name that is mistyped freezes nothing, and nobody would notice until it mattered.
      if (pools.some(({ id }) => covers(id))) return;
      const hint = didYouMean(
        pattern,
        pools.map(({ id }) => id),
      );
      problems.push(new AuspexError('CONFIG_INVALID', `no pool is called "${pattern}"${hint}`, { path: `${path}.pools[${at}]` }));
    });
    if (!freeze.days) {
      if (Date.parse(freeze.to) <= Date.parse(freeze.from))
        problems.push(new AuspexError('CONFIG_INVALID', `ends at ${freeze.to}, before it begins`, { path: `${path}.to` }));
      return;
    }
    try {
      zoneOf(freeze.zone);
    } catch (cause) {
      problems.push(new AuspexError('ZONE_UNKNOWN', `"${freeze.zone}" is no time zone`, { path: `${path}.zone`, cause }));
    }
  });
}

function checkLeases({ leases, step }: EngineSettings, problems: AuspexError[]): void {
  if (leases?.for === undefined || leases.for >= 2 * step) return;
  problems.push(
    new AuspexError(
      'CONFIG_INVALID',
      `a floor that holds ${formatDuration(leases.for)} lapses before it is renewed every ${formatDuration(step)}`,
      {
        path: 'leases.for',
        remedy: 'Make it at least two steps.',
      },
    ),
  );
}

function checkTraining({ training: { within, every } }: EngineSettings, problems: AuspexError[]): void {
  if (within < every) return;
  problems.push(
    new AuspexError(
      'CONFIG_INVALID',
      `weights would go into service ${formatDuration(within)} after a training that is due every ${formatDuration(every)}`,
      {
        path: 'training.within',
        remedy: 'Make training.within shorter than training.every.',
      },
    ),
  );
}

function configHash(config: Omit<ResolvedConfig, 'hash'>): string {
  const name = (used: ResolvedPlugin): unknown => ({ id: used.plugin.id, options: used.options, for: used.for });
  const { store: _store, sources: _sources, alerts: _alerts, detectors: _detectors, ...settings } = config.settings;
  const slots = [
    ...config.enrich,
    config.profiler,
    ...config.predictors,
    config.assess,
    config.allocate,
    ...config.learners,
    ...config.calendars,
    ...config.detectors,
  ];
  const plugins = [...slots, ...config.extensions].map(name);
  const actuators = [...config.actuators].map(([pool, used]) => [pool, name(used)]);
  // Where the input and the store lie, and who is told, does not change what is decided; everything else does.
  const pools = settings.pools.map(({ actuator: _actuator, ...pool }) => pool);
  const rest = {
    ...settings,
    pools,
    enrich: 0,
    profiler: 0,
    predictors: 0,
    assess: 0,
    allocate: 0,
    learners: 0,
    calendars: 0,
    extensions: 0,
  };
  return createHash('sha256').update(canonical({ rest, plugins, actuators })).digest('hex').slice(0, 12);
}

/**
 * JSON with sorted keys, of whatever options may hold. Functions and symbols are left out: code has no stable text, and a client
 * of the host has none either.
 */
function canonical(value: unknown): string {
  const open = new Set<unknown>();
  const plain = (inner: unknown): unknown => {
    if (typeof inner === 'bigint') return `${inner}n`;
    if (typeof inner === 'number' && !Number.isFinite(inner)) return String(inner);
    if (typeof inner !== 'object' || inner === null) return inner;
    if (open.has(inner)) return '[above]';
    if (inner instanceof RegExp || inner instanceof URL) return String(inner);
    if (inner instanceof Date) return inner.getTime();
    if (ArrayBuffer.isView(inner))
      return createHash('sha256')
        .update(new Uint8Array(inner.buffer, inner.byteOffset, inner.byteLength))
        .digest('hex');
    open.add(inner);
    const done = structured(inner, plain);
    open.delete(inner);
    return done;
  };
  return JSON.stringify(plain(value)) ?? '';
}

function structured(value: object, plain: (inner: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return { map: [...value].map(([key, inner]) => [plain(key), plain(inner)]) };
  if (value instanceof Set) return { set: [...value].map(plain) };
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `[${value.constructor?.name ?? 'object'}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, plain(inner)]));
}
