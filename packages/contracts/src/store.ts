/** One change of a batch. */
export type StoreWrite =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'delete'; readonly key: string };

/**
 * Where state is kept. Keys are `/`-separated text of at most 512 bytes in UTF-8, ordered by their bytes.
 *
 * - A `batch` MUST be whole or not at all, and durable when it resolves.
 * - Of two `compareAndSet` with the same `expected` exactly one wins.
 * - Absent is undefined; an empty value is not absent.
 * - Every call after `close` MUST reject with `STORE_CLOSED`. A store written by a newer version MUST be refused with `STORE_NEWER`.
 */
export interface Store {
  get(key: string): Promise<Uint8Array | undefined>;
  batch(writes: readonly StoreWrite[]): Promise<void>;
  /** Entries whose key starts with `prefix` and, where given, is >= `from`, in key order. `limit` entries at most. */
  scan(
    prefix: string,
    options?: { readonly from?: string; readonly limit?: number },
  ): AsyncIterable<readonly [key: string, value: Uint8Array]>;
  /** Puts `next` if the present value equals `expected` (undefined = absent). False = it did not, and nothing changed. */
  compareAndSet(key: string, expected: Uint8Array | undefined, next: Uint8Array): Promise<boolean>;
  close(): Promise<void>;
}

/** What a store declares. */
export interface StoreCapabilities {
  /** Survives the process. When false `run` warns that a restart begins from nothing. */
  readonly durable: boolean;
}
