import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { AuspexError } from '@auspex/contracts';
import { hash32 } from '@auspex/numerics';

/**
 * The files that patterns name, in the order of the patterns; those of one pattern sorted by name.
 *
 * @throws AuspexError SOURCE_NOT_FOUND when a pattern names no file
 */
export async function expandFiles(patterns: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const pattern of patterns) {
    const name = path.basename(pattern);
    if (!name.includes('*')) {
      found.push(pattern);
      continue;
    }
    const folder = path.dirname(pattern);
    const matches = matcher(name);
    const names = (await list(folder, pattern)).filter((entry) => matches.test(entry)).sort();
    if (names.length === 0) throw new AuspexError('SOURCE_NOT_FOUND', 'no file matches', { path: pattern });
    // As given, so that a relative path stays short in positions and messages.
    for (const entry of names) found.push(pattern.slice(0, pattern.length - name.length) + entry);
  }
  return [...new Set(found)];
}

function matcher(name: string): RegExp {
  return new RegExp(`^${name.split('*').map(literal).join('.*')}$`, 's');
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

async function list(folder: string, pattern: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
  } catch (cause) {
    throw new AuspexError('SOURCE_NOT_FOUND', `the folder ${folder} cannot be listed`, { path: pattern, cause });
  }
}

/** One partition name a use: the patterns as given, shortened so that it fits into store keys. */
export function partitionName(patterns: readonly string[]): string {
  const joined = patterns.join(',');
  return joined.length <= 160 ? joined : `${joined.slice(0, 140)}~${hash32(joined).toString(16)}`;
}
