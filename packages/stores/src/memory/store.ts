import { AuspexError, type Store, type StoreWrite } from '@auspex/contracts';
import { checkKey, compareKeys } from '../key.ts';
import { checkValue, checkWrites, sameValue } from '../writes.ts';
import { SortedKeys } from './sorted-keys.ts';

/** What a memory store held at one moment. Opaque; may be shared by any number of stores. */
export interface MemorySnapshot {
  readonly entries: ReadonlyMap<string, Uint8Array>;
}

/**
 * A store in this process's memory: for tests, replays and trials. Nothing survives the process.
 *
 * ```ts
 * const trained = new MemoryStore();
 * // ... an engine learns into `trained` ...
 * const fork = MemoryStore.from(trained.snapshot());
 * ```
 */
export class MemoryStore implements Store {
  /** Values are copied in and out and never changed in place, so snapshots can share them. */
  readonly #values: Map<string, Uint8Array>;
  readonly #keys = new SortedKeys();
  #closed = false;

  constructor() {
    this.#values = new Map();
  }

  /** A store that begins with what `snapshot` holds; neither sees the other's later changes. */
  static from(snapshot: MemorySnapshot): MemoryStore {
    const store = new MemoryStore();
    for (const [key, value] of snapshot.entries) store.#put(key, value);
    return store;
  }

  /** What the store holds now. Works after `close` too, so that a finished engine can be forked. */
  snapshot(): MemorySnapshot {
    return { entries: new Map(this.#values) };
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#open();
    checkKey(key);
    const value = this.#values.get(key);
    return value === undefined ? undefined : new Uint8Array(value);
  }

  async batch(writes: readonly StoreWrite[]): Promise<void> {
    this.#open();
    checkWrites(writes);
    for (const write of writes) {
      if (write.type === 'put') this.#put(write.key, new Uint8Array(write.value));
      else this.#delete(write.key);
    }
  }

  async *scan(
    prefix: string,
    options: { readonly from?: string; readonly limit?: number } = {},
  ): AsyncGenerator<readonly [key: string, value: Uint8Array]> {
    this.#open();
    const { from = prefix, limit = Number.POSITIVE_INFINITY } = options;
    checkKey(prefix);
    checkKey(from);
    const keys = this.#keys.list();
    let given = 0;
    for (let i = this.#keys.seek(compareKeys(from, prefix) > 0 ? from : prefix); i < keys.length && given < limit; i++) {
      const key = keys[i] as string;
      if (!key.startsWith(prefix)) return;
      const value = this.#values.get(key);
      if (value === undefined) continue;
      given++;
      yield [key, new Uint8Array(value)];
      this.#open();
    }
  }

  async compareAndSet(key: string, expected: Uint8Array | undefined, next: Uint8Array): Promise<boolean> {
    this.#open();
    checkKey(key);
    checkValue(next);
    if (!sameValue(this.#values.get(key), expected)) return false;
    this.#put(key, new Uint8Array(next));
    return true;
  }

  /** May be called again. */
  async close(): Promise<void> {
    this.#closed = true;
  }

  #open(): void {
    if (this.#closed) throw new AuspexError('STORE_CLOSED', 'the memory store was closed');
  }

  #put(key: string, value: Uint8Array): void {
    if (!this.#values.has(key)) this.#keys.add(key);
    this.#values.set(key, value);
  }

  #delete(key: string): void {
    if (this.#values.delete(key)) this.#keys.remove(key);
  }
}
