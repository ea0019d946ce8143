import { closeSync, existsSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { AuspexError } from '@auspex/contracts';
import { open } from 'lmdb';

/** The part of an LMDB database that the store uses. */
export interface Database {
  get(key: string): Uint8Array | undefined;
  putSync(key: string, value: Uint8Array): unknown;
  removeSync(key: string): unknown;
  getRange(options: { start: string; limit?: number }): Iterable<{ key: string; value: Uint8Array }>;
  /** Runs in one write transaction; a throw undoes it. Returns when the result is durable. */
  transactionSync<T>(action: () => T): T;
  close(): Promise<void>;
}

const FORMAT = 1;
const FORMAT_KEY = 'meta/format';

/**
 * Opens the folder, makes it when it is missing.
 *
 * @throws STORE_UNREADABLE where it is no store, cannot be written or is damaged; STORE_NEWER where a newer version wrote it
 */
export function openDatabase(folder: string): Database {
  let database: Database;
  try {
    mkdirSync(folder, { recursive: true });
    if (!statSync(folder).isDirectory()) throw new Error('it is a file');
    checkMagic(path.join(folder, 'data.mdb'));
    // Not overlapping: a transaction returns when it is on the disk, not when it will be.
    const opened = open({ path: folder, encoding: 'binary', noSubdir: false, overlappingSync: false });
    database = opened as unknown as Database;
  } catch (cause) {
    throw new AuspexError('STORE_UNREADABLE', `cannot be opened: ${(cause as Error).message}`, { path: folder, cause });
  }
  try {
    checkFormat(database, folder);
  } catch (cause) {
    void database.close();
    if (cause instanceof AuspexError) throw cause;
    throw new AuspexError('STORE_UNREADABLE', `cannot be read: ${(cause as Error).message}`, { path: folder, cause });
  }
  return database;
}

/** LMDB crashes the process on a file that is not its own: its mark (0xBEEFC0DE in the first meta page) is looked at before. */
function checkMagic(file: string): void {
  if (!existsSync(file) || statSync(file).size === 0) return;
  const head = Buffer.alloc(32);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, head, 0, 32, 0);
  } finally {
    closeSync(descriptor);
  }
  if (!head.includes(Buffer.from([0xde, 0xc0, 0xef, 0xbe]))) throw new Error(`${file} is no LMDB file`);
}

function checkFormat(database: Database, folder: string): void {
  const bytes = database.get(FORMAT_KEY);
  if (bytes === undefined) {
    database.transactionSync(() => database.putSync(FORMAT_KEY, Buffer.from(String(FORMAT))));
    return;
  }
  const format = Number(Buffer.from(bytes).toString());
  if (!Number.isInteger(format)) throw new AuspexError('STORE_UNREADABLE', 'its format mark is damaged', { path: folder });
  if (format > FORMAT)
    throw new AuspexError('STORE_NEWER', `format ${format} was written by a newer version; this one reads ${FORMAT}`, { path: folder });
}
