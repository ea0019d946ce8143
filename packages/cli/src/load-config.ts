import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { AuspexError } from '@auspex/contracts';
import { type AuspexConfig, nearest } from '@auspex/core';
import { type PresetInput, preset } from '@auspex/preset';
import { createJiti } from 'jiti';
import { parse as parseYaml } from 'yaml';

const NAMES = ['ts', 'mts', 'js', 'mjs', 'yaml', 'yml', 'json'].map((extension) => `auspex.config.${extension}`);

/** The config file that a command uses: the named one, or the first of the usual names in the folder. */
export function findConfig(cwd: string, named: string | undefined): string {
  if (named !== undefined) {
    const file = path.resolve(cwd, named);
    if (existsSync(file)) return file;
    throw new AuspexError('CONFIG_NOT_FOUND', 'there is no such file', { path: named });
  }
  const found = NAMES.map((name) => path.join(cwd, name)).find((file) => existsSync(file));
  if (found) return found;
  throw new AuspexError('CONFIG_NOT_FOUND', `no ${NAMES[0]} (or .js, .yaml, .json) in ${cwd}`);
}

/**
 * Reads a config file. Slots that it leaves out are filled by the preset, so that a file needs sources and pools only.
 * @throws CONFIG_UNREADABLE with the place of a syntax error
 */
export async function loadConfig(file: string): Promise<AuspexConfig> {
  const loaded = await read(file);
  if (typeof loaded !== 'object' || loaded === null || Array.isArray(loaded)) {
    throw new AuspexError('CONFIG_UNREADABLE', 'does not hold (or export as default) an object', { path: file });
  }
  return preset(loaded as PresetInput);
}

async function read(file: string): Promise<unknown> {
  try {
    if (/\.ya?ml$/.test(file)) return parseYaml(readFileSync(file, 'utf8'));
    if (file.endsWith('.json')) return JSON.parse(readFileSync(file, 'utf8'));
    return await createJiti(file).import(file, { default: true });
  } catch (cause) {
    const missing = /Cannot find (?:module|package) '([^']+)'/.exec((cause as Error).message)?.[1];
    const near = missing && nearest(missing, ['@auspex/preset', '@auspex/core']);
    const remedy = missing ? `Install it: npm install ${near ?? missing}` : undefined;
    throw new AuspexError('CONFIG_UNREADABLE', (cause as Error).message, { path: file, cause, ...(remedy ? { remedy } : {}) });
  }
}
