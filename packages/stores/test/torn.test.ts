import type { StoreWrite } from '@auspex/contracts';
import { expect, it } from 'vitest';
import { cached } from '../src/cached/index.ts';
import { type Backend, type Head, TORN } from '../src/database/backend.ts';
import { DatabaseStore } from '../src/database/store.ts';
import { MemoryStore } from '../src/memory/index.ts';
import { bytes, text } from './tools.ts';

const put = (key: string, value: string): StoreWrite => ({ type: 'put', key, value: bytes(value) });

/** A database in memory whose writer can die among the pieces of a value. */
class Pieces implements Backend {
  readonly where = 'memory';
  head: Head = { number: 0, state: '{}' };
  readonly records = new Map<string, { n: number; value: Uint8Array | typeof TORN | undefined }>();
  dies = false;

  async open(): Promise<void> {}
  async close(): Promise<void> {}
  async readHead(): Promise<Head> {
    return this.head;
  }
  async moveHead(from: number, next: Head): Promise<boolean> {
    if (this.head.number !== from) return false;
    this.head = next;
    return true;
  }
  async get(key: string): Promise<Uint8Array | undefined | typeof TORN> {
    return this.records.get(key)?.value;
  }
  async *scan(): AsyncGenerator<never> {}
  async apply(writes: Parameters<Backend['apply']>[0], n: number): Promise<void> {
    for (const write of writes) {
      if ((this.records.get(write.key)?.n ?? -1) > n) continue;
      this.records.set(write.key, { n, value: this.dies ? TORN : write.type === 'put' ? write.value : undefined });
      if (this.dies) throw new Error('killed');
    }
  }
  async putPart(): Promise<void> {}
  async getPart(): Promise<undefined> {
    return undefined;
  }
  async dropParts(): Promise<void> {}
  isRetriable(): boolean {
    return false;
  }
}

it('a reader applies what a writer left who died among the pieces of a value (regression: it read for ever)', async () => {
  const backend = new Pieces();
  const writer = new DatabaseStore(backend, 1);
  backend.dies = true;
  await expect(writer.batch([put('engine/checkpoint', 'whole')])).rejects.toThrow();
  expect(backend.records.get('engine/checkpoint')?.value).toBe(TORN);
  backend.dies = false;
  const reader = new DatabaseStore(backend, 1);
  expect(text(await reader.get('engine/checkpoint'))).toBe('whole');
  await reader.close();
});

it('a read that began before a write is not kept, however many read the key (regression: the first to end hid the second)', async () => {
  const store = new MemoryStore();
  await store.batch([put('k', 'old')]);
  const gates: (() => void)[] = [];
  const slow = {
    ...store,
    get: async (key: string) => {
      const value = await store.get(key);
      await new Promise<void>((resolve) => gates.push(resolve));
      return value;
    },
    batch: (writes: Parameters<typeof store.batch>[0]) => store.batch(writes),
    scan: (prefix: string) => store.scan(prefix),
    compareAndSet: (...given: Parameters<typeof store.compareAndSet>) => store.compareAndSet(...given),
    close: () => store.close(),
  };
  const fast = cached(slow);
  const [first, second] = [fast.get('k'), fast.get('k')];
  await new Promise((resolve) => setTimeout(resolve, 5));
  gates.shift()?.();
  await first;
  await fast.batch([put('k', 'new')]);
  gates.shift()?.();
  await second;
  const third = fast.get('k');
  await new Promise((resolve) => setTimeout(resolve, 5));
  gates.shift()?.();
  expect(text(await third)).toBe('new');
});
