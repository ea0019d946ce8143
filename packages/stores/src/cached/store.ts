import { AuspexError, type Store, type StoreWrite } from '@auspex/contracts';
import { checkKey } from '../key.ts';
import { guardedBy } from '../lease.ts';
import { checkValue, checkWrites, sameValue } from '../writes.ts';
import { Lru } from './lru.ts';

export interface CachedOptions {
  /** Entries that are kept. Default 10,000. */
  readonly maxEntries?: number;
  /** Bytes of keys and values that are kept. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Beginnings of the keys that are kept: those that this process alone writes, or writes while it holds the lease. Default: all keys. */
  readonly prefixes?: readonly string[];
}

/** A CachedStore, and what it holds at the moment. */
export interface CachedStore extends Store {
  readonly size: number;
  readonly bytes: number;
}

/**
 * Answers a repeated `get` from memory. Writes go through at once, and a value is kept only where no write of its key could have come
 * between. Scans and leases always ask the store.
 *
 * What another process writes is not seen for a key that is kept, until this one takes a lease: then all that the lease guards is
 * forgotten, since another may have written it. A process that reads beside the leader names the `prefixes` that never change under it.
 * Closing it leaves the store open.
 */
export function cached(store: Store, options: CachedOptions = {}): CachedStore {
  return new Cached(store, options);
}

class Cached implements CachedStore {
  readonly #store: Store;
  readonly #kept: Lru;
  readonly #prefixes: readonly string[];
  /** Reads under way; a write of the key makes what they bring too old to be kept. */
  readonly #reading = new Map<string, { stale: boolean; readers: number }>();
  /** Writes under way by key; `mixed` = several have met, and nobody knows which was last. */
  readonly #writing = new Map<string, { count: number; mixed: boolean }>();
  /** What this instance last wrote to each lease: whoever finds it there has seen no other owner. */
  readonly #leases = new Map<string, Uint8Array>();
  #closed = false;

  constructor(store: Store, { maxEntries = 10_000, maxBytes = 64 * 1024 * 1024, prefixes = [''] }: CachedOptions) {
    this.#store = store;
    this.#kept = new Lru(maxEntries, maxBytes);
    this.#prefixes = prefixes;
  }

  get size(): number {
    return this.#kept.size;
  }

  get bytes(): number {
    return this.#kept.bytes;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#open();
    checkKey(key);
    if (this.#kept.has(key)) return copy(this.#kept.get(key));
    if (!this.#keeps(key) || this.#writing.has(key)) return this.#store.get(key);
    const reading = this.#reading.get(key) ?? { stale: false, readers: 0 };
    reading.readers++;
    this.#reading.set(key, reading);
    try {
      const value = await this.#store.get(key);
      if (!reading.stale) this.#kept.set(key, copy(value));
      return value;
    } finally {
      // While one still reads, a write must find it: what it brings may be older.
      if (--reading.readers === 0 && this.#reading.get(key) === reading) this.#reading.delete(key);
    }
  }

  async batch(writes: readonly StoreWrite[]): Promise<void> {
    this.#open();
    checkWrites(writes);
    const last = new Map(writes.map((write) => [write.key, write.type === 'put' ? copy(write.value) : undefined] as const));
    await this.#through([...last.keys()], async () => {
      try {
        await this.#store.batch(writes);
      } catch (error) {
        // Whoever took the lease has written too.
        if ((error as { code?: unknown }).code === 'STORE_LOCKED') this.#forget('');
        throw error;
      }
      return last;
    });
  }

  async *scan(
    prefix: string,
    options: { readonly from?: string; readonly limit?: number } = {},
  ): AsyncGenerator<readonly [key: string, value: Uint8Array]> {
    this.#open();
    for await (const entry of this.#store.scan(prefix, options)) {
      yield entry;
      this.#open();
    }
  }

  async compareAndSet(key: string, expected: Uint8Array | undefined, next: Uint8Array): Promise<boolean> {
    this.#open();
    checkKey(key);
    checkValue(next);
    const [before, after] = [copy(expected), copy(next) as Uint8Array];
    let won = false;
    await this.#through([key], async () => {
      won = await this.#store.compareAndSet(key, expected, next);
      return won ? new Map([[key, after]]) : new Map();
    });
    const guarded = guardedBy(key);
    if (won && guarded !== undefined) {
      if (before === undefined || !sameValue(this.#leases.get(key), before)) this.#forget(guarded);
      this.#leases.set(key, after);
    }
    return won;
  }

  /** May be called again. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#forget('');
  }

  /** Nothing that is written is kept while nobody knows what became of it; afterwards what `write` gives, where no other write met it. */
  async #through(keys: readonly string[], write: () => Promise<ReadonlyMap<string, Uint8Array | undefined>>): Promise<void> {
    for (const key of keys) {
      this.#kept.delete(key);
      this.#tooOld(key);
      const others = this.#writing.get(key);
      this.#writing.set(key, { count: (others?.count ?? 0) + 1, mixed: others !== undefined });
    }
    let written: ReadonlyMap<string, Uint8Array | undefined> = new Map();
    try {
      written = await write();
    } finally {
      for (const key of keys) {
        const { count = 1, mixed = false } = this.#writing.get(key) ?? {};
        if (count > 1) this.#writing.set(key, { count: count - 1, mixed });
        else this.#writing.delete(key);
        this.#tooOld(key);
        if (count === 1 && !mixed && written.has(key) && this.#keeps(key)) this.#kept.set(key, written.get(key));
      }
    }
  }

  #tooOld(key: string): void {
    const reading = this.#reading.get(key);
    if (!reading) return;
    reading.stale = true;
    this.#reading.delete(key);
  }

  #forget(prefix: string): void {
    this.#kept.deleteAll(prefix);
    for (const key of [...this.#reading.keys()]) if (key.startsWith(prefix)) this.#tooOld(key);
  }

  #keeps(key: string): boolean {
    return !this.#closed && guardedBy(key) === undefined && this.#prefixes.some((prefix) => key.startsWith(prefix));
  }

  #open(): void {
    if (this.#closed) throw new AuspexError('STORE_CLOSED', 'the cached store was closed');
  }
}

function copy(value: Uint8Array | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : new Uint8Array(value);
}
