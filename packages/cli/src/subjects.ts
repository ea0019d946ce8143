import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { AuspexError, isPlugin, type Plugin, type PluginKind } from '@auspex/contracts';
import { isFileName, locateModule } from '@auspex/core';
import { catalogue } from '@auspex/preset';
import type { MakeSubject, Subject } from '@auspex/testkit';
import { importModule } from './load-config.ts';

/** Kinds whose laws look past the plugin, at a target, an input or a receiver that only its author can fake. */
const NEED_MORE: Partial<Record<PluginKind, string>> = {
  actuator: 'a fake target',
  source: 'an input with a known number of events',
  calendar: 'a span with events',
  alertSink: 'a receiver',
};

/**
 * The subjects that a name stands for: a module's `subject` or `subjects`; else each of its plugins, or the bundled plugin of
 * that id, by itself.
 *
 * @param options for plugins that stand by themselves
 * @throws PLUGIN_NOT_FOUND, PLUGIN_INVALID
 */
export async function subjectsOf(name: string, options: unknown, cwd: string): Promise<readonly MakeSubject[]> {
  const bundled = catalogue.filter((plugin) => plugin.id === name);
  if (bundled.length > 0) return bundled.map((plugin) => alone(plugin, options, name));
  const module = await load(name, cwd);
  const subject = module['subject'];
  if (typeof subject === 'function') return [subject as MakeSubject];
  const subjects = Object.values((module['subjects'] ?? {}) as Record<string, unknown>);
  if (subjects.length > 0 && subjects.every((each) => typeof each === 'function')) return subjects as MakeSubject[];
  // A default export that is the same value under its own name is one plugin.
  const plugins = [...new Set(Object.values(module).filter(isPlugin))];
  if (plugins.length > 0) return plugins.map((plugin) => alone(plugin, options, name));
  throw new AuspexError('PLUGIN_INVALID', 'exports neither a subject nor a plugin', {
    path: name,
    remedy: 'Export `subject`, a function that returns { plugin, … }; or the plugin that a define… function returned.',
  });
}

async function load(name: string, cwd: string): Promise<Readonly<Record<string, unknown>>> {
  const from = pathToFileURL(path.join(cwd, 'package.json')).href;
  const bare = !isFileName(name) && /\.m?[jt]s$/.test(name);
  const wanted = bare ? [`./${name}`] : isFileName(name) ? [name] : [`${name}/subject`, name];
  let url: string | undefined;
  let failure: unknown;
  for (const each of wanted) {
    try {
      url ??= locateModule(path.isAbsolute(each) ? pathToFileURL(each).href : each, from, 'check');
    } catch (error) {
      failure = error;
    }
  }
  if (url === undefined) throw failure;
  try {
    return await importModule(path.join(cwd, 'package.json'))(url);
  } catch (cause) {
    throw new AuspexError('PLUGIN_FAILED', `throws when it is imported: ${(cause as Error).message}`, { path: name, cause });
  }
}

function alone(plugin: Plugin, options: unknown, name: string): MakeSubject {
  const durable = plugin.kind === 'store' && (plugin as Plugin<'store'>).capabilities.durable;
  const more = durable ? 'a new, empty place for each law' : NEED_MORE[plugin.kind];
  if (more !== undefined) {
    throw new AuspexError('PLUGIN_INVALID', `the laws of "${plugin.id}" need ${more}`, {
      path: name,
      remedy: 'Export `subject`, a function that returns the plugin with it; docs/write-a-plugin.md shows one.',
    });
  }
  return () => ({ plugin, with: options }) as Subject;
}
