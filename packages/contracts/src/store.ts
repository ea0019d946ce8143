/** One change of a batch. */
export type StoreWrite =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'delete'; readonly key: string };

/**
 * Where state is kept. Keys are `/`-separated text of at most 512 bytes in UTF-8, ordered by their bytes.
 *
 * - A `batch` MUST be whole or not at all, and durable when it resolves.
 * - Of two `compareAndSet` with the same `expected` exactly one wins.
 * - Of several writes of one key in a batch the last one stands. Keys are kept as they are: no folding of case, no trimming.
 * - Values are copied in and out: what the caller does to a buffer afterwards changes nothing.
 * - Absent is undefined; an empty value is not absent.
 * - A key above 512 bytes MUST be refused with `STORE_KEY_TOO_LONG`, and its batch with it.
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
