import { AuspexError, type Store, type StoreWrite } from '@auspex/contracts';
import { checkKey, compareKeys } from '../key.ts';
import { checkValue, checkWrites, sameValue } from '../writes.ts';
import type { LmdbClient } from './client.ts';
import type { LmdbOptions } from './config.ts';
import { endOf, fromBytes, toBytes } from './keys.ts';
import { openStore, write } from './open.ts';

/** Entries that a scan reads at once: no read transaction stays open while the caller works. */
const PAGE = 256;

/**
 * A store in an LMDB directory: durable, and shared by the processes of one machine.
 *
 * The directory is opened by the first call. Writes run in synchronous transactions: lmdb's asynchronous batches end
 * the whole process with an unhandled rejection when the disk is full, and a throwing one is not undone. A write so
 * holds the event loop for as long as the disk takes to sync; the engine makes one batch a step.
 */
export class LmdbStore implements Store {
  readonly #path: string;
  #client: Promise<LmdbClient> | undefined;
  #closed = false;

  constructor(options: LmdbOptions) {
    this.#path = options.path;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    checkKey(key);
    const client = await this.#open();
    client.resetReadTxn();
    return copy(client.get(toBytes(key)));
  }

  async batch(writes: readonly StoreWrite[]): Promise<void> {
    checkWrites(writes);
    const client = await this.#open();
    write(this.#path, () =>
      client.transactionSync(() => {
        for (const each of writes) {
          if (each.type === 'put') client.putSync(toBytes(each.key), each.value);
          else client.removeSync(toBytes(each.key));
        }
      }),
    );
  }

  async *scan(
    prefix: string,
    options: { readonly from?: string; readonly limit?: number } = {},
  ): AsyncGenerator<readonly [key: string, value: Uint8Array]> {
    const { from = prefix, limit = Number.POSITIVE_INFINITY } = options;
    checkKey(prefix);
    checkKey(from);
    const end = endOf(prefix);
    let start = toBytes(compareKeys(from, prefix) > 0 ? from : prefix);
    for (let left = limit; left > 0 && Buffer.compare(start, end) < 0; ) {
      const client = await this.#open();
      client.resetReadTxn();
      const page = readPage(client, start, end, Math.min(PAGE, left));
      for (const entry of page) {
        yield entry;
        if (this.#closed) await this.#open();
      }
      if (page.length < Math.min(PAGE, left)) return;
      left -= page.length;
      // The least key after the last one read.
      start = Buffer.concat([toBytes((page.at(-1) as readonly [string, Uint8Array])[0]), Buffer.from([0])]);
    }
  }

  async compareAndSet(key: string, expected: Uint8Array | undefined, next: Uint8Array): Promise<boolean> {
    checkKey(key);
    checkValue(next);
    const client = await this.#open();
    const bytes = toBytes(key);
    // Reading inside the write transaction: LMDB lets one writer in, whatever the process.
    return write(this.#path, () =>
      client.transactionSync(() => {
        if (!sameValue(client.get(bytes), expected)) return false;
        client.putSync(bytes, next);
        return true;
      }),
    );
  }

  /** May be called again. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // A store that could not be opened has nothing to close.
    const client = await this.#client?.catch(() => undefined);
    await client?.close();
  }

  async #open(): Promise<LmdbClient> {
    if (this.#closed) throw this.#refusal();
    this.#client ??= openStore(this.#path);
    const client = await this.#client.catch((error: unknown): never => {
      // The next call tries again: the disk may be back.
      this.#client = undefined;
      throw error;
    });
    // Closed while this call waited for the directory to open.
    if (this.#closed) throw this.#refusal();
    return client;
  }

  #refusal(): AuspexError {
    return new AuspexError('STORE_CLOSED', 'the store was closed', { path: this.#path });
  }
}

function readPage(client: LmdbClient, start: Buffer, end: Buffer, limit: number): (readonly [string, Uint8Array])[] {
  const page: (readonly [string, Uint8Array])[] = [];
  for (const { key, value } of client.getRange({ start, end, limit })) page.push([fromBytes(key), new Uint8Array(value)]);
  return page;
}

/** LMDB's own buffer is valid until its transaction ends. */
function copy(value: Buffer | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : new Uint8Array(value);
}
