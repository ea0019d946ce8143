import type { Store, StoreWrite } from '@auspex/contracts';
import { checkKey, closedError } from '../keys.ts';

/** State in a map: gone with the process. Values are copied in and out. */
export class MemoryStore implements Store {
  #map: Map<string, Uint8Array> | undefined;

  private constructor(map: Map<string, Uint8Array>) {
    this.#map = map;
  }

  static create(): MemoryStore {
    return new MemoryStore(new Map());
  }

  /** A store with the same content, independent from now on: two replays can go on from one training. */
  fork(): MemoryStore {
    return new MemoryStore(new Map(this.#open()));
  }

  #open(): Map<string, Uint8Array> {
    if (this.#map === undefined) throw closedError('memory');
    return this.#map;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#open().get(key)?.slice();
  }

  async batch(writes: readonly StoreWrite[]): Promise<void> {
    const map = this.#open();
    // All keys first: a refused one must not leave half a batch behind.
    for (const write of writes) checkKey(write.key);
    for (const write of writes) {
      if (write.type === 'put') map.set(write.key, write.value.slice());
      else map.delete(write.key);
    }
  }

  async *scan(
    prefix: string,
    options: { readonly from?: string; readonly limit?: number } = {},
  ): AsyncGenerator<readonly [string, Uint8Array]> {
    const from = Buffer.from(options.from ?? '');
    const keys = [...this.#open().keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => [key, Buffer.from(key)] as const)
      .filter(([, bytes]) => Buffer.compare(bytes, from) >= 0)
      .sort(([, a], [, b]) => Buffer.compare(a, b));
    for (const [key] of keys.slice(0, options.limit)) {
      // A key deleted since the scan began is no longer there.
      const value = this.#open().get(key);
      if (value) yield [key, value.slice()];
    }
  }

  async compareAndSet(key: string, expected: Uint8Array | undefined, next: Uint8Array): Promise<boolean> {
    const map = this.#open();
    checkKey(key);
    const present = map.get(key);
    const equal = present === undefined || expected === undefined ? present === expected : Buffer.compare(present, expected) === 0;
    if (equal) map.set(key, next.slice());
    return equal;
  }

  async close(): Promise<void> {
    this.#map = undefined;
  }
}
