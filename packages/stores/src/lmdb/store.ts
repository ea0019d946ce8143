import { AuspexError, type Store, type StoreWrite } from '@auspex/contracts';
import { checkKey, closedError } from '../keys.ts';
import type { Database } from './client.ts';

/** Entries read at once by a scan, so that no read transaction stays open while the caller works. */
const PAGE = 500;

/** State in an LMDB folder: one batch is one durable transaction; several processes may open it. */
export class LmdbStore implements Store {
  #database: Database | undefined;
  readonly #path: string;

  constructor(database: Database, path: string) {
    this.#database = database;
    this.#path = path;
  }

  #open(): Database {
    if (this.#database === undefined) throw closedError('lmdb');
    return this.#database;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const value = this.#open().get(key);
    // LMDB hands out memory that is only ours for the moment.
    return value === undefined ? undefined : new Uint8Array(value);
  }

  async batch(writes: readonly StoreWrite[]): Promise<void> {
    const database = this.#open();
    for (const write of writes) checkKey(write.key);
    this.#write(database, () => {
      for (const write of writes) {
        if (write.type === 'put') database.putSync(write.key, write.value);
        else database.removeSync(write.key);
      }
    });
  }

  async *scan(
    prefix: string,
    options: { readonly from?: string; readonly limit?: number } = {},
  ): AsyncGenerator<readonly [string, Uint8Array]> {
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    let start = options.from !== undefined && Buffer.compare(Buffer.from(options.from), Buffer.from(prefix)) > 0 ? options.from : prefix;
    let after: string | undefined;
    while (left > 0) {
      const page = [...this.#open().getRange({ start, limit: PAGE + 1 })].map(({ key, value }) => [key, new Uint8Array(value)] as const);
      for (const [key, value] of page) {
        if (key === after) continue;
        if (!key.startsWith(prefix)) return;
        yield [key, value];
        if (--left <= 0) return;
      }
      const last = page.at(-1);
      if (last === undefined || page.length <= PAGE) return;
      start = last[0];
      after = last[0];
    }
  }

  async compareAndSet(key: string, expected: Uint8Array | undefined, next: Uint8Array): Promise<boolean> {
    const database = this.#open();
    checkKey(key);
    return this.#write(database, () => {
      const present = database.get(key);
      const equal = present === undefined || expected === undefined ? present === expected : Buffer.compare(present, expected) === 0;
      if (equal) database.putSync(key, next);
      return equal;
    });
  }

  #write<T>(database: Database, action: () => T): T {
    try {
      return database.transactionSync(action);
    } catch (cause) {
      throw new AuspexError('STORE_UNREADABLE', `a batch could not be written: ${(cause as Error).message}`, {
        path: this.#path,
        remedy: 'Make room on the disk or give the process the right to write; what was there before is intact.',
        cause,
      });
    }
  }

  async close(): Promise<void> {
    const database = this.#database;
    this.#database = undefined;
    await database?.close();
  }
}
