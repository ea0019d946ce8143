import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { AuspexError, isPlugin, type Plugin, type PluginContext, type PluginKind, type PluginKinds } from '@auspex/contracts';
import type { z } from 'zod';
import { remoteActuatorInstance, remoteAlertSinkInstance, remoteCalendarInstance, remoteSourceInstance } from './client/kinds.ts';
import { RemotePredictor, type RemotePredictorOptions } from './client/predictor.ts';
import { type Limits, limitsConfig } from './config.ts';
import { asJson } from './json.ts';
import { type CarriedKind, isCarried, refuseKind } from './wire/kinds.ts';

/** What to run in a process of its own. */
export interface IsolateOptions<K extends PluginKind, C extends z.ZodType> {
  /** URL of the module's file: `file:///…/scaler.js`. */
  readonly module: string;
  /** Name under which it exports the plugin; `default` counts. */
  readonly exported: string;
  /** The plugin as that module exported it here: its config, id and capabilities; its `create` is only called there. */
  readonly plugin: Plugin<K, C>;
  /** How its process is held. Default as for `remotePredictor`. */
  readonly limits?: Limits | Readonly<Record<string, unknown>>;
}

const CREATE: { readonly [K in CarriedKind]: (options: RemotePredictorOptions, context: PluginContext) => PluginKinds[K]['instance'] } = {
  predictor: (options, context) => new RemotePredictor(options, context),
  actuator: remoteActuatorInstance,
  calendar: remoteCalendarInstance,
  alertSink: remoteAlertSinkInstance,
  source: remoteSourceInstance,
};

/**
 * A JavaScript plugin in a Node process of its own: the same id, config and capabilities, but an endless loop, a crash or too
 * much memory ends its process and not the engine. For predictors `batch` is declared, since all series go in one call.
 *
 * Options reach the process as JSON, as they were validated here; `create` throws `CONFIG_INVALID` naming the one that does not
 * survive that.
 *
 * @throws AuspexError `SUPPORT` for a kind that runs only inline, or for a module in TypeScript without a way to load it
 */
export function isolate<K extends PluginKind, C extends z.ZodType>(what: IsolateOptions<K, C>): Plugin<K, C> {
  const { module, exported, plugin } = what;
  const kind: PluginKind = plugin.kind;
  const { id } = plugin;
  const who = `${kind}(${id})`;
  if (!isPlugin(plugin)) throw new AuspexError('PLUGIN_INVALID', 'is no plugin', { path: exported });
  if (!isCarried(kind)) throw refuseKind(kind, who);
  const parsed = limitsConfig.safeParse(what.limits ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new AuspexError('CONFIG_INVALID', issue?.message ?? 'no limits of a process', {
      path: `isolation.process.${issue?.path.join('.')}`,
    });
  }
  const { memory, startLimit, ...limits } = parsed.data;
  const command = [process.execPath, ...loaders(module, who), fileURLToPath(HOST), module, exported];
  const capabilities = kind === 'predictor' ? { ...plugin.capabilities, batch: true } : plugin.capabilities;
  const create = (options: z.output<C>, context: PluginContext): PluginKinds[K]['instance'] =>
    (CREATE[kind] as (options: RemotePredictorOptions, context: PluginContext) => PluginKinds[K]['instance'])(
      {
        ...limits,
        kind,
        id,
        target: { process: { command, memory, startLimit } },
        options: asJson(options, who),
        validated: true,
        capabilities,
        startLimit,
      },
      context,
    );
  return Object.freeze({ ...plugin, capabilities: Object.freeze(capabilities), create }) as Plugin<K, C>;
}

const SOURCES = import.meta.url.endsWith('.ts');
const HOST = new URL(SOURCES ? './host.ts' : './host.js', import.meta.url);

/** What Node needs to load the module and us: nothing for JavaScript. */
function loaders(module: string, who: string): string[] {
  const typescript = SOURCES || /\.[cm]?ts$/.test(module);
  if (!typescript) return [];
  // From sources our own packages are sources, too.
  const conditions = SOURCES ? ['--conditions=source'] : [];
  if ((process.features as { typescript?: unknown }).typescript) return conditions;
  for (const from of [module, import.meta.url]) {
    try {
      return [...conditions, '--import', new URL(`file://${createRequire(from).resolve('tsx')}`).href];
    } catch {
      // Not there: perhaps beside the other.
    }
  }
  throw new AuspexError('SUPPORT', 'Node cannot load TypeScript in a process of its own here', {
    path: who,
    remedy: 'Build it to JavaScript, install tsx, or use Node 22.18 or newer.',
  });
}
