import assert from 'node:assert/strict';
import { AuspexError, type ErrorCode, type Store } from '@auspex/contracts';

/** One thing that every store must do; `check` throws where it does not. */
export interface StoreLaw {
  readonly name: string;
  readonly why: string;
  /** `open` makes a new, empty store. */
  check(open: () => Promise<Store>): Promise<void>;
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value);

export async function put(store: Store, entries: Readonly<Record<string, string>>): Promise<void> {
  await store.batch(Object.entries(entries).map(([key, value]) => ({ type: 'put', key, value: bytes(value) })));
}

export async function list(store: Store, prefix: string, options?: { from?: string; limit?: number }): Promise<string[]> {
  const found: string[] = [];
  for await (const [key, value] of store.scan(prefix, options)) found.push(`${key}=${text(value)}`);
  return found;
}

async function refused(code: ErrorCode, action: () => Promise<unknown>): Promise<void> {
  await assert.rejects(action, (error) => error instanceof AuspexError && error.code === code);
}

export const storeLaws: readonly StoreLaw[] = [
  {
    name: 'gives back what was put',
    why: 'a profile that changes in the store is no profile',
    async check(open) {
      const store = await open();
      const value = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 31) % 256);
      await store.batch([{ type: 'put', key: 'a/b', value }]);
      assert.deepEqual(await store.get('a/b'), value);
      await put(store, { 'a/b': 'two' });
      assert.equal(text(await store.get('a/b')), 'two');
      await store.batch([{ type: 'delete', key: 'a/b' }]);
      assert.equal(await store.get('a/b'), undefined);
      await store.batch([{ type: 'delete', key: 'never there' }]);
      await store.batch([]);
    },
  },
  {
    name: 'tells absent from empty',
    why: 'an empty value is a fact, an absent one is none',
    async check(open) {
      const store = await open();
      await put(store, { empty: '', '': 'the empty key' });
      assert.deepEqual(await store.get('empty'), new Uint8Array(0));
      assert.equal(await store.get('absent'), undefined);
      assert.equal(text(await store.get('')), 'the empty key');
      assert.equal(await store.compareAndSet('empty', undefined, bytes('x')), false);
      assert.equal(await store.compareAndSet('absent', new Uint8Array(0), bytes('x')), false);
      assert.equal(await store.compareAndSet('empty', new Uint8Array(0), bytes('x')), true);
    },
  },
  {
    name: 'keeps prefixes apart',
    why: 'the journal of one pool must not show up in a scan of profiles',
    async check(open) {
      const store = await open();
      await put(store, { 'a/1': '1', 'a/2': '2', ab: '3', a0: '4', b: '5', a: '6', 'é/1': '7', 'é/\u{1f600}': '8' });
      assert.deepEqual(await list(store, 'a/'), ['a/1=1', 'a/2=2']);
      assert.deepEqual(await list(store, 'c'), []);
      assert.deepEqual(await list(store, 'é/'), ['é/1=7', 'é/\u{1f600}=8']);
      assert.equal((await list(store, '')).length, 8);
    },
  },
  {
    name: 'scans in the order of the bytes, from a key on, up to a limit',
    why: 'the journal is read by time, which is the order of its keys',
    async check(open) {
      const store = await open();
      const keys = ['k/\u{1f600}', 'k/\uffee', 'k/z', 'k/é', 'k/', 'k/10', 'k/9', 'k/Z', 'k/10/a', 'k/10 '];
      for (const key of keys) await put(store, { [key]: key });
      await store.batch([{ type: 'delete', key: 'k/Z' }]);
      await put(store, { 'k/Z': 'k/Z' });
      const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const names = async (options?: { from?: string; limit?: number }): Promise<string[]> =>
        (await list(store, 'k/', options)).map((entry) => entry.split('=')[0] as string);
      assert.deepEqual(await names(), sorted);
      assert.deepEqual(await names({ from: 'k/10' }), sorted.slice(sorted.indexOf('k/10')));
      assert.deepEqual(await names({ from: 'k/10!' }), sorted.slice(sorted.indexOf('k/10 ') + 1));
      assert.deepEqual(await names({ from: 'a' }), sorted);
      assert.deepEqual(await names({ from: 'l' }), []);
      assert.deepEqual(await names({ limit: 3 }), sorted.slice(0, 3));
      assert.deepEqual(await names({ from: 'k/9', limit: 1 }), ['k/9']);
      assert.deepEqual(await names({ limit: 0 }), []);
    },
  },
  {
    name: 'scans past its own pages',
    why: 'a store of more entries than one read holds loses none and repeats none',
    async check(open) {
      const store = await open();
      const keys = Array.from({ length: 1_500 }, (_, i) => `p/${String(i).padStart(5, '0')}`);
      await put(store, Object.fromEntries(keys.map((key) => [key, key])));
      assert.deepEqual(
        await list(store, 'p/'),
        keys.map((key) => `${key}=${key}`),
      );
      assert.equal((await list(store, 'p/', { limit: 700 })).length, 700);
    },
  },
  {
    name: 'applies a batch whole or not at all',
    why: 'a checkpoint without its offsets folds usage twice',
    async check(open) {
      const store = await open();
      await put(store, { a: 'old', gone: 'here' });
      const late = [
        { type: 'put', key: 'a', value: bytes('new') },
        { type: 'delete', key: 'gone' },
      ] as const;
      await refused('STORE_KEY_TOO_LONG', () => store.batch([...late, { type: 'put', key: 'x'.repeat(513), value: bytes('') }]));
      await assert.rejects(() => store.batch([...late, { type: 'put', key: 'b', value: 'text' as unknown as Uint8Array }]), TypeError);
      assert.deepEqual(await list(store, ''), ['a=old', 'gone=here']);
      // The order inside a batch counts.
      await store.batch([...late, { type: 'put', key: 'gone', value: bytes('back') }]);
      assert.deepEqual(await list(store, ''), ['a=new', 'gone=back']);
    },
  },
  {
    name: 'lets exactly one of many compare-and-sets win',
    why: 'two allocators with one lease would both scale',
    async check(open) {
      const store = await open();
      for (let round = 0; round < 20; round++) {
        const before = await store.get('lease');
        const won = await Promise.all(
          Array.from({ length: 16 }, (_, i) => store.compareAndSet('lease', before, bytes(`${round}/${i}`)).then((ok) => (ok ? i : -1))),
        );
        const winners = won.filter((i) => i >= 0);
        assert.equal(winners.length, 1);
        assert.equal(text(await store.get('lease')), `${round}/${winners[0]}`);
      }
      assert.equal(await store.compareAndSet('lease', bytes('other'), bytes('x')), false);
      assert.equal(text(await store.get('lease'))?.startsWith('19/'), true);
    },
  },
  {
    name: 'hands out and takes in copies',
    why: 'a caller that reuses its buffer must not change the store',
    async check(open) {
      const store = await open();
      const value = bytes('aaaa');
      await store.batch([{ type: 'put', key: 'k', value }]);
      value.fill(0);
      const first = (await store.get('k')) as Uint8Array;
      assert.equal(text(first), 'aaaa');
      first.fill(0);
      for await (const [, scanned] of store.scan('')) scanned.fill(0);
      assert.equal(text(await store.get('k')), 'aaaa');
      const next = bytes('bbbb');
      assert.equal(await store.compareAndSet('k', bytes('aaaa'), next), true);
      next.fill(0);
      const held = (await store.get('k')) as Uint8Array;
      await put(store, { k: 'cccc', l: 'dddd' });
      await store.get('l');
      assert.equal(text(held), 'bbbb');
      // A view into a larger buffer is stored alone.
      const view = bytes('0123456789').subarray(3, 6);
      await store.batch([{ type: 'put', key: 'v', value: view }]);
      assert.equal(text(await store.get('v')), '345');
    },
  },
  {
    name: 'takes keys of 512 bytes and refuses longer ones',
    why: 'a key that one store takes and another refuses cannot move between them',
    async check(open) {
      const store = await open();
      const longest = `${'é'.repeat(255)}ab`;
      await put(store, { [longest]: 'kept' });
      assert.equal(text(await store.get(longest)), 'kept');
      assert.deepEqual(await list(store, longest), [`${longest}=kept`]);
      const long = `${longest}c`;
      await refused('STORE_KEY_TOO_LONG', () => store.get(long));
      await refused('STORE_KEY_TOO_LONG', () => store.batch([{ type: 'delete', key: long }]));
      await refused('STORE_KEY_TOO_LONG', () => store.compareAndSet(long, undefined, bytes('')));
      await refused('STORE_KEY_TOO_LONG', () => list(store, long));
      await refused('STORE_KEY_TOO_LONG', () => list(store, 'a', { from: long }));
    },
  },
  {
    name: 'refuses every call after close',
    why: 'a write after close is a write that is lost',
    async check(open) {
      const store = await open();
      await put(store, { a: '1', b: '2' });
      const scan = store.scan('')[Symbol.asyncIterator]();
      await scan.next();
      await store.close();
      await refused('STORE_CLOSED', () => scan.next());
      await refused('STORE_CLOSED', () => store.get('a'));
      await refused('STORE_CLOSED', () => store.batch([]));
      await refused('STORE_CLOSED', () => list(store, ''));
      await refused('STORE_CLOSED', () => store.compareAndSet('a', undefined, bytes('')));
      await store.close();
      const unused = await open();
      await unused.close();
      await refused('STORE_CLOSED', () => unused.get('a'));
    },
  },
];
