import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plugin, Store } from '@auspex/contracts';
import { fakeContext, runLaws } from '@auspex/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { cached, cachedPlugin } from '../src/cached/index.ts';
import { lmdb } from '../src/lmdb/index.ts';
import { MemoryStore, memory } from '../src/memory/index.ts';
import { namespaced, namespacedPlugin } from '../src/namespaced/index.ts';
import { bytes, list, put, text } from './tools.ts';

const root = mkdtempSync(join(tmpdir(), 'auspex-wrappers-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;

const CASES: readonly (readonly [name: string, plugin: Plugin<'store'>, options: () => object])[] = [
  ['namespaced memory', namespacedPlugin(memory), () => ({ tenant: 'acme', store: {} })],
  ['namespaced lmdb', namespacedPlugin(lmdb), () => ({ tenant: 'Größe & Söhne/Ost', store: { path: join(root, `n${made++}`) } })],
  ['cached memory', cachedPlugin(memory), () => ({ store: {} })],
  ['cached lmdb, small', cachedPlugin(lmdb), () => ({ maxEntries: 3, store: { path: join(root, `c${made++}`) } })],
  [
    'cached namespaced lmdb',
    cachedPlugin(namespacedPlugin(lmdb)),
    () => ({ store: { tenant: 'a', store: { path: join(root, `b${made++}`) } } }),
  ],
];

describe('wrappers', () => {
  it.each(CASES)(
    '%s keeps the laws of stores',
    async (_, plugin, options) => {
      const verdict = await runLaws(() => ({ plugin, with: options() }));
      expect(verdict.results.filter(({ outcome }) => outcome === 'broken').map(({ law, seen }) => `${law}: ${seen}`)).toEqual([]);
      expect(verdict.passed).toBe(true);
    },
    60_000,
  );

  it('is as durable as the store inside, and says what it accepts', () => {
    expect(cachedPlugin(memory)).toMatchObject({ id: 'cached-memory', capabilities: { durable: false } });
    expect(namespacedPlugin(lmdb)).toMatchObject({ id: 'namespaced-lmdb', capabilities: { durable: true } });
    expect(() => namespacedPlugin(lmdb).config.parse({ tenant: 'a', store: {} })).toThrow(/path/);
    expect(() => cachedPlugin(memory).config.parse({ store: {}, maxEntry: 1 })).toThrow(/maxEntry/);
  });
});

describe('namespaced', () => {
  it('tenants share a store and see nothing of each other, whatever they are called', async () => {
    const inner = new MemoryStore();
    const names = ['a', 'ab', 'a/b', 'a%2Fb', 'A', '@a', 'ä', '.'];
    const tenants = names.map((name) => namespaced(inner, name));
    for (const [i, tenant] of tenants.entries()) await put(tenant, { 'profile/x': names[i] as string, 'lease/allocator': `${i}` });
    for (const [i, tenant] of tenants.entries()) {
      expect(await list(tenant, '')).toEqual([`lease/allocator=${i}`, `profile/x=${names[i]}`]);
      expect(await tenant.compareAndSet('lease/allocator', bytes(`${i}`), bytes('taken'))).toBe(true);
      await tenant.batch([{ type: 'delete', key: 'profile/x' }]);
    }
    expect((await list(inner, '')).every((entry) => /^@[^/]+\/lease\/allocator=taken$/.test(entry))).toBe(true);
  });

  it('a view is closed alone', async () => {
    const inner = new MemoryStore();
    const [a, b] = [namespaced(inner, 'a'), namespaced(inner, 'b')];
    await a.close();
    await expect(a.get('x')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await put(b, { x: '1' });
    expect(text(await inner.get('@b/x'))).toBe('1');
  });

  it.each(['', 'x'.repeat(129), '/'.repeat(43)])('refuses the tenant %j', (tenant) => {
    expect(() => namespaced(new MemoryStore(), tenant)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});

/** A store whose calls are counted, and wait where told. */
function watched(): { store: Store; gets: () => number; hold: (on: boolean) => void; inner: MemoryStore } {
  const inner = new MemoryStore();
  let gets = 0;
  let open: Promise<void> = Promise.resolve();
  let release: () => void = () => undefined;
  const store: Store = {
    async get(key) {
      gets++;
      const value = await inner.get(key);
      await open;
      return value;
    },
    async batch(writes) {
      await inner.batch(writes);
      await open;
    },
    scan: (prefix, options) => inner.scan(prefix, options),
    compareAndSet: (key, expected, next) => inner.compareAndSet(key, expected, next),
    close: () => inner.close(),
  };
  const hold = (on: boolean): void => {
    if (on) open = new Promise((resolve) => (release = resolve));
    else release();
  };
  return { store, gets: () => gets, hold, inner };
}

describe('cached', () => {
  it('asks once, knows what is absent, and gives copies', async () => {
    const { store, gets, inner } = watched();
    const cache = cached(store);
    await put(inner, { a: '1' });
    for (let i = 0; i < 3; i++) {
      const got = await cache.get('a');
      expect(text(got)).toBe('1');
      got?.fill(0);
      expect(await cache.get('absent')).toBeUndefined();
    }
    expect(gets()).toBe(2);
    await put(cache, { a: '2', absent: '3' });
    expect([text(await cache.get('a')), text(await cache.get('absent'))]).toEqual(['2', '3']);
    await cache.batch([{ type: 'delete', key: 'a' }]);
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.compareAndSet('a', undefined, bytes('4'))).toBe(true);
    expect(text(await cache.get('a'))).toBe('4');
    expect(gets()).toBe(2);
  });

  it('stays within its bounds, and keeps what is asked for', async () => {
    const { store, gets } = watched();
    const cache = cached(store, { maxEntries: 3, maxBytes: 1_000 });
    await put(cache, { a: '1', b: '2', c: '3' });
    await cache.get('a');
    await put(cache, { d: '4' });
    expect(cache.size).toBe(3);
    await cache.get('a');
    expect(gets()).toBe(0);
    await cache.get('b');
    expect(gets()).toBe(1);
    await put(cache, { big: 'x'.repeat(990) });
    expect(cache.bytes).toBeLessThanOrEqual(1_000);
    await put(cache, { bigger: 'x'.repeat(2_000) });
    expect((await cache.get('bigger'))?.length).toBe(2_000);
    expect(cache.bytes).toBeLessThanOrEqual(1_000);
  });

  it('a read that a write overtook is not kept', async () => {
    const { store, hold, inner } = watched();
    const cache = cached(store);
    await put(inner, { a: 'old' });
    hold(true);
    const slow = cache.get('a');
    await Promise.resolve();
    const write = put(cache, { a: 'new' });
    hold(false);
    await Promise.all([slow, write]);
    expect(text(await cache.get('a'))).toBe('new');
  });

  it('of two writes that meet none is kept', async () => {
    const { store, hold, inner, gets } = watched();
    const cache = cached(store);
    hold(true);
    const both = [put(cache, { a: 'first' }), put(cache, { a: 'second' })];
    await Promise.resolve();
    hold(false);
    await Promise.all(both);
    await put(inner, { a: 'truth' });
    expect(text(await cache.get('a'))).toBe('truth');
    expect(gets()).toBe(1);
  });

  it('keeps nothing of a batch that failed', async () => {
    const { store, inner } = watched();
    const cache = cached({ ...store, batch: () => Promise.reject(new Error('lost')) });
    await put(inner, { a: '1' });
    await cache.get('a');
    await expect(put(cache, { a: '2' })).rejects.toThrow('lost');
    await put(inner, { a: '3' });
    expect(text(await cache.get('a'))).toBe('3');
  });

  it('never keeps a lease, and forgets what it guards when it takes one anew', async () => {
    const { store, inner, gets } = watched();
    const cache = cached(store);
    const lease = 'lease/allocator';
    expect(await cache.compareAndSet(lease, undefined, bytes('me 1'))).toBe(true);
    await put(cache, { 'profile/a': 'mine' });
    // A renewal: nobody else was there.
    expect(await cache.compareAndSet(lease, bytes('me 1'), bytes('me 2'))).toBe(true);
    await cache.get('profile/a');
    expect(gets()).toBe(0);
    // Another leads for a while.
    await put(inner, { [lease]: 'other', 'profile/a': 'theirs' });
    expect(text(await cache.get(lease))).toBe('other');
    expect(await cache.compareAndSet(lease, bytes('other'), bytes('me 3'))).toBe(true);
    expect(text(await cache.get('profile/a'))).toBe('theirs');
  });

  it('keeps what begins as it is told, and nothing else', async () => {
    const { store, gets } = watched();
    const cache = cached(store, { prefixes: ['usage/'] });
    for (const key of ['usage/1', 'profile/1']) for (let i = 0; i < 2; i++) await cache.get(key);
    expect(gets()).toBe(3);
  });

  it('agrees with the store under calls that meet at random', async () => {
    const inner = new MemoryStore();
    const cache = cached(inner, { maxEntries: 4 });
    const random = fakeContext().random;
    const pick = (count: number): number => Math.floor(random.next() * count);
    for (let round = 0; round < 300; round++) {
      await Promise.all(
        Array.from({ length: 6 }, async () => {
          const key = `k${pick(6)}`;
          const [kind, next] = [pick(4), bytes(String(pick(1_000)))];
          if (kind === 0) await cache.batch([{ type: 'put', key, value: next }]);
          else if (kind === 1) await cache.batch([{ type: 'delete', key }]);
          else if (kind === 2) await cache.compareAndSet(key, await cache.get(key), next);
          else await cache.get(key);
        }),
      );
      for (let i = 0; i < 6; i++) expect(text(await cache.get(`k${i}`))).toBe(text(await inner.get(`k${i}`)));
    }
  });
});
