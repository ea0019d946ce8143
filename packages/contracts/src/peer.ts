import { AuspexError } from './errors.ts';

/**
 * Loads an optional peer: a package that only one plugin of several needs.
 *
 * @param plugin where it is needed, named in the error: `source(kafka)`
 * @throws AuspexError PLUGIN_NOT_FOUND when it is not installed, PLUGIN_FAILED when it does not load
 */
export async function loadPeer<T>(plugin: string, name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw peerError(plugin, name, cause);
  }
}

/** Why a package cannot be used, and what to do. */
export function peerError(plugin: string, name: string, cause: unknown): AuspexError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') {
    return new AuspexError('PLUGIN_NOT_FOUND', `the package ${name} is not installed`, {
      path: plugin,
      remedy: `Run: npm install ${name}`,
      cause,
    });
  }
  return new AuspexError('PLUGIN_FAILED', `the package ${name} does not load: ${(cause as Error).message}`, { path: plugin, cause });
}
