import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { AuspexError, DEFINED_BY, isPlugin, type Plugin, type PluginKind } from '@auspex/contracts';
import { resolve } from 'import-meta-resolve';
import { withArticle } from '../config/words.ts';
import { withTimeLimit } from '../defaults/time-limit.ts';
import type { Manifest } from './loaded.ts';
import { isFileName, type Specifier } from './specifier.ts';

/** A plugin with where it was found. */
export interface FoundPlugin {
  readonly plugin: Plugin;
  /** URL of the module, and the export's name. */
  readonly module: string;
  readonly exported: string;
}

export type ImportModule = (url: string) => Promise<Readonly<Record<string, unknown>>>;

/**
 * Imports a module and finds the plugin of a kind in it.
 *
 * @param limitMs longest that importing it may take
 * @param from URL of the file whose folder relative names and packages are looked for from
 * @throws PLUGIN_NOT_FOUND where there is no such module, PLUGIN_FAILED where importing it throws, PLUGIN_INVALID where it
 * holds no such plugin
 */
export async function findPlugin(
  kind: PluginKind,
  named: Specifier,
  from: string,
  importModule: ImportModule,
  at: string,
  limitMs: number,
): Promise<FoundPlugin> {
  const module = locateModule(named.module, from, at);
  let exports: Readonly<Record<string, unknown>>;
  try {
    exports = await withTimeLimit(importModule(module), limitMs, `import of ${named.module}`);
  } catch (cause) {
    if (cause instanceof AuspexError && cause.code !== 'STAGE_TIMEOUT') throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    const missing = /Cannot find (?:package|module) '([^']+)'/.exec(message)?.[1];
    if (missing) {
      const remedy = `Install what ${named.module} needs beside it: ${missing}.`;
      throw new AuspexError('PLUGIN_NOT_FOUND', `${named.module} imports "${missing}", which is not installed`, {
        path: at,
        cause,
        remedy,
      });
    }
    throw new AuspexError('PLUGIN_FAILED', `${named.module} throws when it is imported: ${message}`, { path: at, cause });
  }
  return choose(kind, named, exports, module, at);
}

/** URL of a module as it is found from the file `from`. @throws PLUGIN_NOT_FOUND */
export function locateModule(name: string, from: string, at: string): string {
  const refuse = (message: string, remedy: string, cause?: unknown): never => {
    throw new AuspexError('PLUGIN_NOT_FOUND', message, { path: at, remedy, cause });
  };
  const folder = path.dirname(fileURLToPath(from));
  const isFile = isFileName(name);
  let url = '';
  try {
    url = resolve(name, from);
  } catch (cause) {
    const inside = (cause as { code?: string }).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED';
    if (inside)
      return refuse(
        `the package ${packageOf(name)} does not export ${name} for import`,
        'Name one of the paths that its package.json exports.',
        cause,
      );
    const remedy = isFile ? 'Correct the path.' : `Install it beside the config: npm install ${packageOf(name)}`;
    return refuse(`there is no ${isFile ? 'file' : 'package'} ${name} to be found from ${folder}`, remedy, cause);
  }
  if (!url.startsWith('file:'))
    return refuse(
      `${name} is no file and no package: plugins are not loaded from ${url.split(':')[0]}:`,
      'Install it as a package, or give a path.',
    );
  const file = fileURLToPath(url);
  if (!existsSync(file)) {
    const remedy = isFile ? 'Correct the path.' : `Install it beside the config: npm install ${packageOf(name)}`;
    return refuse(`there is no ${isFile ? 'file' : 'package'} ${name} to be found from ${folder}`, remedy);
  }
  if (statSync(file).isDirectory()) return refuse(`${name} is a folder`, 'Name the file in it.');
  return url;
}

function packageOf(module: string): string {
  return module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/');
}

function choose(
  kind: PluginKind,
  { module: name, exported }: Specifier,
  exports: Readonly<Record<string, unknown>>,
  module: string,
  at: string,
): FoundPlugin {
  const refuse = (message: string, remedy?: string): never => {
    throw new AuspexError('PLUGIN_INVALID', message, { path: at, ...(remedy === undefined ? {} : { remedy }) });
  };
  const plugins = Object.entries(flat(exports)).filter((entry): entry is [string, Plugin] => isPlugin(entry[1]));
  const list = plugins.map(([key, plugin]) => `#${key} (${plugin.kind} "${plugin.id}")`).join(', ');
  const holds = list ? `it exports ${list}` : `it exports no plugin; export what ${DEFINED_BY[kind]} returns`;
  if (exported !== undefined) {
    const value = flat(exports)[exported];
    if (isPlugin(value)) return { plugin: value, module, exported };
    return refuse(`${name} has no plugin "#${exported}"; ${holds}`);
  }
  // A default export that is the same value under its own name is one plugin, not two.
  const fitting = plugins.filter(([, plugin]) => plugin.kind === kind);
  const main = fitting.find(([key]) => key === 'default') ?? fitting[0];
  if (main === undefined) return refuse(`${name} exports no ${kind}, and ${withArticle(kind)} is needed here; ${holds}`);
  const distinct = new Set(fitting.map(([, plugin]) => plugin));
  if (main[0] !== 'default' && distinct.size > 1)
    return refuse(`${name} exports ${distinct.size} plugins of this kind; ${holds}`, `Say which: ${name}#${main[0]}`);
  return { plugin: main[1], module, exported: main[0] };
}

/** What a CommonJS module exports stands under `default`, all together. */
function flat(exports: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const whole = exports['default'];
  if (typeof whole !== 'object' || whole === null || isPlugin(whole)) return exports;
  return { ...(whole as Record<string, unknown>), ...exports, default: (whole as { default?: unknown }).default };
}

/** The manifest of the package in which a module lies; empty where there is none. */
export function manifestOf(module: string): Manifest {
  for (let folder = path.dirname(fileURLToPath(module)); ; folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json');
    try {
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
      // Build tools write manifests that hold a module type and nothing else.
      if (manifest.name) return manifest;
    } catch {
      // Not here, or not readable: the next one up may tell.
    }
    if (folder === path.dirname(folder)) return {};
  }
}
