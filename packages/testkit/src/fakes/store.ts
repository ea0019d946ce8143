import { AuspexError, type Store, type StoreWrite } from '@auspex/contracts';

/** A store in a map, which tests may share between instances as a disk is. Not durable, and no server: for laws about stores use a real one. */
export class MapStore implements Store {
  readonly map: Map<string, Uint8Array>;
  #closed = false;

  constructor(map: Map<string, Uint8Array> = new Map()) {
    this.map = map;
  }

  #open(): void {
    if (this.#closed) throw new AuspexError('STORE_CLOSED', 'the store is closed');
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#open();
    return this.map.get(key)?.slice();
  }

  async batch(writes: readonly StoreWrite[]): Promise<void> {
    this.#open();
    for (const write of writes) checkKey(write.key);
    for (const write of writes) {
      if (write.type === 'put') this.map.set(write.key, write.value.slice());
      else this.map.delete(write.key);
    }
  }

  async *scan(prefix: string, options: { from?: string; limit?: number } = {}): AsyncGenerator<readonly [string, Uint8Array]> {
    this.#open();
    const { from = '', limit = Number.POSITIVE_INFINITY } = options;
    const keys = [...this.map.keys()].filter((key) => key.startsWith(prefix) && compare(key, from) >= 0).sort(compare);
    for (const key of keys.slice(0, limit)) yield [key, (this.map.get(key) as Uint8Array).slice()];
  }

  async compareAndSet(key: string, expected: Uint8Array | undefined, next: Uint8Array): Promise<boolean> {
    this.#open();
    checkKey(key);
    const present = this.map.get(key);
    const same = present === undefined || expected === undefined ? present === expected : Buffer.compare(present, expected) === 0;
    if (same) this.map.set(key, next.slice());
    return same;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function checkKey(key: string): void {
  if (Buffer.byteLength(key) > 512)
    throw new AuspexError('STORE_KEY_TOO_LONG', `${Buffer.byteLength(key)} bytes`, { path: key.slice(0, 60) });
}
