import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { AuspexError } from '@auspex/contracts';
import { type AuspexConfig, loadPlugins } from '@auspex/core';
import { catalogue, isolate, type PresetInput, preset } from '@auspex/preset';
import { createJiti, type Jiti } from 'jiti';
import { parse as parseYaml } from 'yaml';
import { isAuspexError } from './exit.ts';

const NAMES = ['ts', 'mts', 'js', 'mjs', 'yaml', 'yml', 'json'].map((extension) => `auspex.config.${extension}`);

/** The config file that a command uses: the named one, or the first of the usual names in the folder. */
export function findConfig(cwd: string, named: string | undefined): string {
  if (named !== undefined) {
    const file = path.resolve(cwd, named);
    if (existsSync(file)) return file;
    throw new AuspexError('CONFIG_NOT_FOUND', 'there is no such file', { path: named });
  }
  const [found, second] = NAMES.map((name) => path.join(cwd, name)).filter((file) => existsSync(file));
  if (found && second) {
    throw new AuspexError('CONFIG_INVALID', `there are two configs: ${path.basename(found)} and ${path.basename(second)}`, {
      path: cwd,
      remedy: 'Remove one, or name one with --config.',
    });
  }
  if (found) return found;
  throw new AuspexError('CONFIG_NOT_FOUND', `no ${NAMES[0]} (or .js, .yaml, .json) in ${cwd}`);
}

/**
 * Reads and checks a config file, and imports the plugins that it names by package or file. Slots that it leaves out are filled
 * by the preset, so that a file needs sources and pools only.
 * @throws CONFIG_UNREADABLE with the place of a syntax error; otherwise as `loadPlugins`, with the file's name
 */
export async function loadConfig(file: string): Promise<AuspexConfig> {
  const loaded = await read(file);
  if (typeof loaded !== 'object' || loaded === null || Array.isArray(loaded)) {
    throw new AuspexError('CONFIG_UNREADABLE', 'does not hold (or export as default) an object', {
      path: file,
      remedy: 'Write one with sources and pools, as `auspex init` does.',
    });
  }
  try {
    return await loadPlugins(preset(loaded as PresetInput), { from: file, catalogue, isolate, importModule: importModule(file) });
  } catch (error) {
    throw isAuspexError(error) ? inFile(error, file) : error;
  }
}

/** The error with the file's name; of several problems each in a line, and what to do once. */
function inFile(error: AuspexError, file: string): AuspexError {
  const { code, cause } = error;
  if (!Array.isArray(cause)) return new AuspexError(code, error.message, { path: file, cause: error, remedy: error.remedy });
  const problems = cause.filter(isAuspexError);
  const remedies = [...new Set(problems.map((problem) => problem.remedy))];
  // One remedy for all stands once, below; else each with its problem.
  const [common] = remedies.length === 1 ? remedies : [];
  const lines = problems.map((problem) => `\n  - ${problem.message}${common === undefined ? `\n      ${problem.remedy}` : ''}`).join('');
  const remedy = common ?? 'Each says above what to do about it.';
  return new AuspexError(code, `${problems.length} things are wrong:${lines}`, { path: file, cause: error, remedy });
}

async function read(file: string): Promise<unknown> {
  try {
    if (/\.ya?ml$/.test(file)) return parseYaml(readFileSync(file, 'utf8'));
    if (file.endsWith('.json')) return JSON.parse(readFileSync(file, 'utf8'));
    return await jitiOf(file).import(file, { default: true });
  } catch (cause) {
    if (isAuspexError(cause)) throw cause;
    throw unreadable(file, cause as Error);
  }
}

function jitiOf(file: string): Jiti {
  return createJiti(file, { alias: ownPackages(file) });
}

/** Imports a plugin's module for a config; one in TypeScript, too. */
export function importModule(file: string): (url: string) => Promise<Record<string, unknown>> {
  return async (url) => (/\.m?ts$/.test(url) ? await jitiOf(file).import(url) : await import(url));
}

/** What a config may import without having it installed: this command brings it along. */
const OWN = ['@auspex/contracts', '@auspex/core', '@auspex/preset'] as const;

/** Does the folder of the config have the packages that it imports? */
export function bringsOwn(file: string): boolean {
  return Object.keys(ownPackages(file)).length === 0;
}

/** Those of our packages that the folder of the config lacks, and where ours lie. */
function ownPackages(file: string): Record<string, string> {
  const theirs = createRequire(file);
  const ours = createRequire(import.meta.url);
  const lacking = OWN.filter((name) => {
    try {
      theirs.resolve(name);
      return false;
    } catch {
      return true;
    }
  });
  return Object.fromEntries(lacking.map((name) => [name, ours.resolve(name)]));
}

/** The place of a syntax error, or the package that is missing; without the stack of the loader. */
function unreadable(file: string, cause: Error): AuspexError {
  const [message = ''] = cause.message.split('\nRequire stack:');
  const missing = /Cannot find (?:module|package) '([^']+)'/.exec(message)?.[1];
  const syntax = /\.(?:ya?ml|json)$/.test(file) || /SyntaxError|ParseError/.test(`${cause.name} ${message}`);
  const place = /\bline (\d+), column (\d+)/.exec(message) ?? /:(\d+):(\d+)\b/.exec(message);
  const [first = ''] = message
    .replaceAll(file, '')
    .replace(/^(?:[\s:]|ParseError|\d+:\d+)+/, '')
    .split('\n');
  const remedy = missing ? remedyFor(missing) : syntax ? undefined : 'Read the cause; the file itself threw it.';
  return new AuspexError('CONFIG_UNREADABLE', first.replace(/[\s:]+$/, '') || 'cannot be read', {
    path: place && !missing ? `${file}:${place[1]}:${place[2]}` : file,
    cause,
    ...(remedy ? { remedy } : {}),
  });
}

function remedyFor(missing: string): string {
  if (/^[./]/.test(missing)) return 'Check the path of this import.';
  const name = missing
    .split('/')
    .slice(0, missing.startsWith('@') ? 2 : 1)
    .join('/');
  return `Install it beside the config: npm install ${name}`;
}
