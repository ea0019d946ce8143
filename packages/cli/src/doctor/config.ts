import { arch, platform } from 'node:os';
import path from 'node:path';
import { AuspexError } from '@auspex/contracts';
import { createShardedEngine, isShared, parseConfig, type ResolvedConfig } from '@auspex/core';
import { catalogue } from '@auspex/preset';
import type { Io } from '../io.ts';
import { findConfig, loadConfig } from '../load-config.ts';
import { plural } from '../text.ts';
import type { Checkup } from './checkup.ts';

/** The oldest Node that is supported, as package.json says. */
const OLDEST = [20, 19] as const;

export async function checkPlatform(checkup: Checkup): Promise<void> {
  await checkup.run('node', 'SUPPORT', () => {
    const { node } = process.versions;
    const [major = 0, minor = 0] = node.split('.').map(Number);
    if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
      throw new AuspexError('SUPPORT', `Node ${node} is too old`, { remedy: `Install Node ${OLDEST.join('.')} or newer.` });
    return { seen: `${node} on ${platform()} ${arch()}` };
  });
}

/** The config as a run would take it, with everything that is wrong with it at once. */
export async function checkConfig(checkup: Checkup, named: string | undefined, io: Io): Promise<ResolvedConfig | undefined> {
  return checkup.run<ResolvedConfig>('config', 'CONFIG_UNREADABLE', async () => {
    const file = findConfig(io.cwd, named);
    const config = await loadConfig(file);
    const value = parseConfig(config, catalogue);
    // What a run with a shared source refuses beyond that; nothing is opened by making one.
    if (isShared(value)) createShardedEngine(config, { mode: 'shadow', catalogue });
    const parts = [plural(value.sources.length, 'source'), plural(value.settings.pools.length, 'pool'), `store ${value.store.plugin.id}`];
    return { seen: `${path.relative(io.cwd, file) || file}: ${parts.join(', ')}`, value };
  });
}
