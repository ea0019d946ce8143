import { pathToFileURL } from 'node:url';
import { AuspexError, type Isolation, type Plugin, type PluginUse } from '@auspex/contracts';
import { type Catalogue, parseConfig, withParsed } from '../config/parse.ts';
import type { AuspexConfig } from '../config/schema.ts';
import { type FoundPlugin, findPlugin, type ImportModule, manifestOf } from './find.ts';
import type { Loaded } from './loaded.ts';
import { mapSlots, type Slot, slotsOf } from './slots.ts';
import { isModule, parseSpecifier } from './specifier.ts';

/** Puts an imported plugin into a process of its own: the same definition, whose instances live elsewhere. */
export type Isolate = (found: FoundPlugin & { readonly limits: Readonly<Record<string, unknown>> }) => Plugin;

export interface LoadOptions {
  /** The config's file, or any file beside it (a path or a file URL): packages and relative names are looked for from there. */
  readonly from: string | URL;
  /** Plugins that a config may name by id. */
  readonly catalogue?: Catalogue;
  /** What `isolation: 'process'` means; `isolate` of `@auspex/remote`. Without it such a use is refused. */
  readonly isolate?: Isolate;
  /** Imports a module by its URL. Default `import()`; give another where plugins are written in TypeScript. */
  readonly importModule?: ImportModule;
  /** Longest that importing one module may take, milliseconds. Default 30 seconds. */
  readonly importLimitMs?: number;
}

/**
 * Imports every plugin that a config names by package or file, and checks the whole config. Returns it with the plugins by
 * value, ready for `createEngine`.
 *
 * ```ts
 * const config = await loadPlugins(JSON.parse(text), { from: '/etc/auspex/auspex.config.json', catalogue });
 * ```
 *
 * @throws AuspexError with everything that is wrong, each with its path and what to do: PLUGIN_NOT_FOUND, PLUGIN_INVALID,
 * PLUGIN_VERSION, PLUGIN_FAILED, and all that `parseConfig` throws
 */
export async function loadPlugins(config: unknown, options: LoadOptions): Promise<AuspexConfig> {
  const filled = new Map<string, PluginUse>();
  const loaded = new Map<string, Loaded>();
  for (const slot of slotsOf(config)) {
    try {
      const found = await fill(slot, options);
      if (!found) continue;
      // Where it runs is decided here: what comes out stands there by value.
      const { isolation: _isolation, ...use } = slot.use;
      filled.set(slot.path, { ...use, use: isolated(slot, found, options) as never });
      loaded.set(slot.path, { manifest: manifestOf(found.module) });
    } catch (error) {
      // Whatever it is, it is this slot's: the others are looked at all the same.
      const problem =
        error instanceof AuspexError ? error : new AuspexError('PLUGIN_FAILED', String(error), { path: slot.path, cause: error });
      loaded.set(slot.path, { problem });
    }
  }
  const whole = mapSlots(config, (slot) => filled.get(slot.path) ?? slot.use);
  const resolved = parseConfig(whole, options.catalogue ?? [], loaded);
  return withParsed(whole, resolved) as AuspexConfig;
}

/** The plugin of a slot that names a module; undefined where it stands there by value or by the id of a bundled one. */
async function fill({ kind, path, use }: Slot, options: LoadOptions): Promise<FoundPlugin | undefined> {
  const inProcess = (use.isolation ?? 'inline') !== 'inline';
  if (typeof use.use !== 'string') {
    if (inProcess) throw notMovable(path, 'a plugin by value has no module that another process could load');
    return undefined;
  }
  const bundled = (options.catalogue ?? []).filter((plugin) => plugin.kind === kind);
  if (bundled.some((plugin) => plugin.id === use.use)) {
    if (inProcess) throw notMovable(path, `"${use.use}" is named by its id`);
    return undefined;
  }
  const from = options.from instanceof URL || options.from.startsWith('file:') ? String(options.from) : pathToFileURL(options.from).href;
  const importModule: ImportModule = options.importModule ?? ((url) => import(url));
  const named = parseSpecifier(/^[A-Za-z]:[\\/]/.test(use.use) ? pathToFileURL(use.use).href : use.use);
  try {
    return await findPlugin(kind, named, from, importModule, path, options.importLimitMs ?? 30_000);
  } catch (error) {
    // A bare word is more likely a slip in the id of a bundled plugin than a package: parseConfig lists those.
    if (error instanceof AuspexError && error.code === 'PLUGIN_NOT_FOUND' && !isModule(use.use)) return undefined;
    throw error;
  }
}

function notMovable(path: string, why: string): AuspexError {
  return new AuspexError('SUPPORT', `isolation: process is not to be had here: ${why}`, {
    path,
    remedy: 'Name the plugin by package or file (`@acme/auspex-scaler#fleet`), or leave isolation out.',
  });
}

function isolated(slot: Slot, found: FoundPlugin, { isolate }: LoadOptions): Plugin {
  const { isolation = 'inline' } = slot.use;
  if (isolation === 'inline') return found.plugin;
  const limits = limitsOf(isolation);
  if (!limits)
    throw new AuspexError('CONFIG_INVALID', `isolation: ${JSON.stringify(isolation)} is none of inline, process`, { path: slot.path });
  if (isolate) {
    try {
      return isolate({ ...found, limits });
    } catch (error) {
      if (!(error instanceof AuspexError)) throw error;
      throw new AuspexError(error.code, error.message, { path: slot.path, remedy: error.remedy, cause: error });
    }
  }
  throw new AuspexError('SUPPORT', 'this host has nothing to isolate plugins with', {
    path: slot.path,
    remedy: 'Give loadPlugins `isolate` of @auspex/remote.',
  });
}

/** The limits of a process; undefined where this is no isolation at all. */
function limitsOf(isolation: Isolation): Readonly<Record<string, unknown>> | undefined {
  if (isolation === 'process') return {};
  const limits = (isolation as { process?: unknown } | null)?.process;
  return typeof limits === 'object' && limits !== null ? (limits as Record<string, unknown>) : undefined;
}
