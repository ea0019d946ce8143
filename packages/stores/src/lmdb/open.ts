import { mkdirSync } from 'node:fs';
import { AuspexError } from '@auspex/contracts';
import { type LmdbClient, openClient } from './client.ts';
import { damage } from './inspect.ts';
import { VERSION_KEY } from './keys.ts';

/** Version of how this store lays out its keys. Version N reads N and below. */
export const FORMAT_VERSION = 1;

/**
 * Opens the store in the directory `path` and makes sure that this version can read it.
 *
 * @throws AuspexError `STORE_UNREADABLE`, `STORE_NEWER`, `STORE_REFUSED` where the directory may not be made, `PLUGIN_FAILED` where lmdb cannot be loaded
 */
export async function openStore(path: string): Promise<LmdbClient> {
  makeDirectory(path);
  const damaged = damage(path);
  if (damaged !== undefined) throw new AuspexError('STORE_UNREADABLE', damaged, { path });
  const client = await openClient(path).catch((error: unknown): never => {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_DLOPEN_FAILED') {
      throw new AuspexError('PLUGIN_FAILED', 'the package lmdb cannot be loaded on this platform', { path: 'store(lmdb)', cause: error });
    }
    throw new AuspexError('STORE_UNREADABLE', message, { path, cause: error });
  });
  try {
    checkVersion(client, path);
  } catch (error) {
    await client.close();
    throw error;
  }
  return client;
}

const FORBIDDEN = new Set(['EACCES', 'EPERM', 'EROFS']);

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const file = code === 'EEXIST';
    throw new AuspexError(
      FORBIDDEN.has(code) ? 'STORE_REFUSED' : 'STORE_UNREADABLE',
      file ? 'is a file, not a directory' : `the directory cannot be made: ${(error as Error).message}`,
      {
        path,
        remedy: 'Name a directory that this user may write to.',
        cause: error,
      },
    );
  }
}

function checkVersion(client: LmdbClient, path: string): void {
  const found = client.get(VERSION_KEY);
  if (found === undefined) {
    write(path, () => client.transactionSync(() => client.putSync(VERSION_KEY, Buffer.from(String(FORMAT_VERSION)))));
    return;
  }
  const version = Number(found.toString());
  if (!Number.isInteger(version)) throw new AuspexError('STORE_UNREADABLE', 'its meta/version is no number', { path });
  if (version > FORMAT_VERSION) {
    throw new AuspexError('STORE_NEWER', `the store has format ${version}, this version reads up to ${FORMAT_VERSION}`, { path });
  }
}

/**
 * Runs a write and names the store when the disk refuses it.
 *
 * @throws AuspexError `STORE_WRITE_FAILED`; what was stored before is as it was
 */
export function write<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { message } = error as Error;
    throw new AuspexError('STORE_WRITE_FAILED', `the batch was not stored: ${message.split(':')[0]}`, {
      path,
      cause: error,
    });
  }
}
