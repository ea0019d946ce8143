import type { Store } from '@auspex/contracts';
import { expect } from 'vitest';

/** One thing that every store must hold, and why. */
export interface StoreLaw {
  readonly name: string;
  readonly why: string;
  check(open: () => Promise<Store>): Promise<void>;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const put = (key: string, value: Uint8Array) => ({ type: 'put', key, value }) as const;

async function keys(store: Store, prefix: string, options?: { from?: string; limit?: number }): Promise<string[]> {
  const found: string[] = [];
  for await (const [key] of store.scan(prefix, options)) found.push(key);
  return found;
}

export const STORE_LAWS: readonly StoreLaw[] = [
  {
    name: 'what was put is read back, absent is not empty',
    why: 'an empty value is a fact, an absent one is not',
    async check(open) {
      const store = await open();
      await store.batch([put('a', bytes(1, 2)), put('empty', bytes())]);
      expect(await store.get('a')).toEqual(bytes(1, 2));
      expect(await store.get('empty')).toEqual(bytes());
      expect(await store.get('absent')).toBeUndefined();
      await store.batch([
        { type: 'delete', key: 'a' },
        { type: 'delete', key: 'never there' },
        put('a2', bytes(3)),
        { type: 'delete', key: 'a2' },
      ]);
      expect(await store.get('a')).toBeUndefined();
      expect(await store.get('a2')).toBeUndefined();
    },
  },
  {
    name: 'values are copies',
    why: 'a caller that goes on writing into its buffer must not write into the store',
    async check(open) {
      const store = await open();
      const value = bytes(1);
      await store.batch([put('a', value)]);
      value[0] = 9;
      const read = (await store.get('a')) as Uint8Array;
      expect(read).toEqual(bytes(1));
      read[0] = 7;
      expect(await store.get('a')).toEqual(bytes(1));
    },
  },
  {
    name: 'a scan is in byte order, inside its prefix, from and limit',
    why: 'history is read by time, and prefixes are what keeps records apart',
    async check(open) {
      const store = await open();
      const names = [
        'b/2',
        'b/10',
        'b/1',
        'b',
        'ba',
        'c/1',
        'a/9',
        'b/é',
        'b/z',
        ...Array.from({ length: 1200 }, (_, i) => `n/${String(i).padStart(4, '0')}`),
      ];
      await store.batch(names.map((name) => put(name, bytes(1))));
      expect(await keys(store, 'b/')).toEqual(['b/1', 'b/10', 'b/2', 'b/z', 'b/é']);
      expect(await keys(store, 'b/', { from: 'b/2' })).toEqual(['b/2', 'b/z', 'b/é']);
      expect(await keys(store, 'b/', { from: 'a', limit: 2 })).toEqual(['b/1', 'b/10']);
      expect(await keys(store, 'b/', { limit: 0 })).toEqual([]);
      expect(await keys(store, 'nothing/')).toEqual([]);
      expect(await keys(store, 'n/')).toHaveLength(1200);
      expect((await keys(store, 'n/', { from: 'n/0600' }))[0]).toBe('n/0600');
    },
  },
  {
    name: 'a batch with a key that is refused changes nothing',
    why: 'half a checkpoint is worse than none',
    async check(open) {
      const store = await open();
      await expect(store.batch([put('good', bytes(1)), put('x'.repeat(513), bytes(1))])).rejects.toMatchObject({
        code: 'STORE_KEY_TOO_LONG',
      });
      await expect(store.batch([put('', bytes(1))])).rejects.toMatchObject({ code: 'STORE_KEY_TOO_LONG' });
      expect(await store.get('good')).toBeUndefined();
      await store.batch([put('x'.repeat(512), bytes(1))]);
      expect(await store.get('x'.repeat(512))).toEqual(bytes(1));
    },
  },
  {
    name: 'of many compare-and-sets one wins',
    why: 'a lease has one owner',
    async check(open) {
      const store = await open();
      const first = await Promise.all(Array.from({ length: 8 }, (_, i) => store.compareAndSet('lease', undefined, bytes(i))));
      expect(first.filter(Boolean)).toHaveLength(1);
      const held = await store.get('lease');
      expect(held).toEqual(bytes(first.indexOf(true)));
      const second = await Promise.all(Array.from({ length: 8 }, (_, i) => store.compareAndSet('lease', held, bytes(100 + i))));
      expect(second.filter(Boolean)).toHaveLength(1);
      expect(await store.compareAndSet('lease', bytes(55), bytes(1))).toBe(false);
      expect(await store.compareAndSet('absent', bytes(), bytes(1))).toBe(false);
    },
  },
  {
    name: 'after close every call is refused',
    why: 'a write that seems to succeed and is gone is the worst of bugs',
    async check(open) {
      const store = await open();
      await store.close();
      await store.close();
      await expect(store.get('a')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
      await expect(store.batch([])).rejects.toMatchObject({ code: 'STORE_CLOSED' });
      await expect(store.compareAndSet('a', undefined, bytes(1))).rejects.toMatchObject({ code: 'STORE_CLOSED' });
      await expect(keys(store, 'a')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    },
  },
];
