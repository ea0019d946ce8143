import type { Store, StoreWrite } from '@auspex/contracts';
import { broken, type Law, laws, must, notOffered } from '../law.ts';
import type { StoreSubject } from '../subject.ts';
import type { Tools } from '../tools.ts';
import { commonLaws } from './common.ts';
import { difference } from './support/same.ts';

type Range = { from?: string; limit?: number };

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined => (value === undefined ? undefined : new TextDecoder().decode(value));
const said = (value: Uint8Array | undefined): string => (value === undefined ? 'nothing' : `"${text(value)}"`);

const put = (store: Store, entries: Readonly<Record<string, string>>): Promise<void> =>
  store.batch(Object.entries(entries).map(([key, value]) => ({ type: 'put', key, value: bytes(value) })));

async function keysOf(store: Store, prefix: string, range: Range = {}): Promise<string[]> {
  const keys: string[] = [];
  for await (const [key] of store.scan(prefix, range)) keys.push(key);
  return keys;
}

/** What became of a call: undefined where it resolved, else what it was refused with. */
async function refusal(call: () => Promise<unknown>): Promise<{ code?: unknown; message: string } | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error as { code?: unknown; message: string };
  }
}

async function mustRefuseWith(code: string, what: string, call: () => Promise<unknown>): Promise<void> {
  const error = await refusal(call);
  if (error === undefined) broken(`${what} is not refused`);
  must(error.code === code, () => `${what} is refused with ${error.code ?? error.message}, not with ${code}`);
}

const needsDurable = ({ plugin }: StoreSubject): string | undefined =>
  plugin.capabilities.durable ? undefined : 'it declares that nothing survives the process';

/** Another instance on the same options; where one at a time is allowed, the first is closed before. */
async function another(first: Store, tools: Tools<'store'>): Promise<Store> {
  const next = tools.create();
  const error = await refusal(() => next.get('law/none'));
  if (error === undefined) return next;
  if (error.code !== 'STORE_LOCKED') throw error;
  await tools.close(first);
  return tools.create();
}

const list: readonly Law<'store'>[] = [
  {
    name: 'it gives back what was put',
    why: 'a profile that changes in the store is no profile',
    async check(_, tools) {
      const store = tools.create();
      const value = Uint8Array.from({ length: 2_000 }, (_, i) => (i * 31) % 256);
      await store.batch([{ type: 'put', key: 'law/a', value }]);
      const got = await store.get('law/a');
      must(got instanceof Uint8Array, () => `put 2,000 bytes, it gives ${typeof got}`);
      const found = difference(got, value, 0, 'byte');
      if (found !== undefined) broken(`put and got: ${found}`);
      await put(store, { 'law/a': 'second' });
      const second = await store.get('law/a');
      must(text(second) === 'second', `put a second value, it gives ${said(second)}`);
    },
  },
  {
    name: 'it keeps a value of a megabyte',
    why: 'a checkpoint of some thousand groups is that large',
    async check(_, tools) {
      const store = tools.create();
      const value = new Uint8Array(1_048_576).map((_, i) => Math.imul(i, 2_654_435_761) >>> 24);
      await store.batch([{ type: 'put', key: 'law/large', value }]);
      const got = await store.get('law/large');
      must(got !== undefined && Buffer.compare(got, value) === 0, `put 1,048,576 bytes, it gives ${got?.length ?? 'nothing'}`);
    },
  },
  {
    name: 'absent is not empty',
    why: 'an empty value is a fact, an absent one is none',
    async check(_, tools) {
      const store = tools.create();
      await put(store, { 'law/empty': '' });
      const [empty, absent] = [await store.get('law/empty'), await store.get('law/absent')];
      must(absent === undefined, () => `where nothing was put it gives ${absent?.length} bytes`);
      must(empty?.length === 0, 'an empty value was put, and it gives undefined');
    },
  },
  {
    name: 'what is deleted is gone',
    why: 'a group that was forgotten must not come back',
    async check(_, tools) {
      const store = tools.create();
      await put(store, { 'law/a': '1', 'law/b': '2' });
      await store.batch([
        { type: 'delete', key: 'law/a' },
        { type: 'delete', key: 'law/never-there' },
      ]);
      const got = await store.get('law/a');
      must(got === undefined, `deleted, it still gives ${said(got)}`);
      const keys = await keysOf(store, 'law/');
      must(keys.join() === 'law/b', `deleted "law/a" of two keys, and a scan gives ${keys.join(', ') || 'nothing'}`);
    },
  },
  {
    name: 'keys that look alike are apart',
    why: 'keys are bytes: two groups that a collation takes for one would share a profile',
    async check(_, tools) {
      const store = tools.create();
      const keys = ['law/k', 'law/K', 'law/k ', 'law/k/', 'law//k', 'law/\u00e9', 'law/e\u0301', 'law/%41', 'law/A', 'law/__proto__'];
      for (const [i, key] of keys.entries()) await put(store, Object.fromEntries([[key, `${i}`]]));
      for (const [i, key] of keys.entries()) {
        const got = await store.get(key);
        must(text(got) === `${i}`, `${JSON.stringify(key)} was given "${i}" and holds ${said(got)}`);
      }
    },
  },
  {
    name: 'a key of 512 bytes is taken, a longer one refused',
    why: 'a key that is cut is another key',
    async check(_, tools) {
      const store = tools.create();
      const longest = `law/${'é'.repeat(254)}`;
      await put(store, { [longest]: 'kept' });
      const got = await store.get(longest);
      must(text(got) === 'kept', `a key of 512 bytes holds ${said(got)}`);
      const long = `${longest}c`;
      const code = 'STORE_KEY_TOO_LONG';
      await mustRefuseWith(code, 'a batch with a key of 513 bytes', () => put(store, { [long]: '' }));
      await mustRefuseWith(code, 'compareAndSet with a key of 513 bytes', () => store.compareAndSet(long, undefined, bytes('')));
    },
  },
  {
    name: 'a scan gives what begins with its prefix, and nothing else',
    why: 'each plugin has a corner of the store under a prefix of its own',
    async check(_, tools) {
      const store = tools.create();
      const keys = [
        'law/a/1',
        'law/a/2',
        'law/a',
        'law/ab',
        'law/a0',
        'law/b',
        'law/A/1',
        'law/é/1',
        'law/é/\u{1f600}',
        'law/a/\u{10ffff}',
        'law/a_',
        'law/a%',
      ];
      for (const key of keys) await put(store, { [key]: key });
      for (const prefix of ['law/a/', 'law/é/', 'law/c', 'law/a/\u{10ffff}', 'law/a_', 'law/a%', 'law/']) {
        const [got, should] = [await keysOf(store, prefix), keys.filter((key) => key.startsWith(prefix))];
        const [more, less] = [got.filter((key) => !should.includes(key)), should.filter((key) => !got.includes(key))];
        must(more.length === 0, `a scan of "${prefix}" gives ${more.join(', ')}`);
        must(less.length === 0, `a scan of "${prefix}" leaves out ${less.join(', ')}`);
      }
      for await (const [key, value] of store.scan('law/a/'))
        must(text(value) === key, `a scan gives ${said(value)} for the value of "${key}"`);
    },
  },
  {
    name: 'a scan is in the order of the bytes of its keys',
    why: 'the journal is read by time, which is the order of its keys',
    async check(_, tools) {
      const store = tools.create();
      const keys = ['law/\u{1f600}', 'law/\uffee', 'law/z', 'law/é', 'law/', 'law/10', 'law/9', 'law/Z', 'law/10/a', 'law/10 ', 'law/10-a'];
      for (const key of keys) await put(store, { [key]: key });
      await store.batch([{ type: 'delete', key: 'law/Z' }]);
      await put(store, { 'law/Z': 'again' });
      const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const found = difference(await keysOf(store, 'law/'), sorted, 0, 'place');
      if (found !== undefined) broken(`a scan, and the order of the bytes: ${found}`);
    },
  },
  {
    name: 'a scan begins where it is told, and ends at its limit',
    why: 'a long journal is read in parts',
    async check(_, tools) {
      const store = tools.create();
      const keys = ['law/1', 'law/2', 'law/3', 'law/4'];
      for (const key of keys) await put(store, { [key]: key });
      await put(store, { 'lax/5': '', 'kaw/0': '' });
      const cases: readonly (readonly [Range, string])[] = [
        [{ from: 'law/2' }, 'law/2,law/3,law/4'],
        [{ from: 'law/2!' }, 'law/3,law/4'],
        [{ from: 'a' }, keys.join()],
        [{ from: 'lay' }, ''],
        [{ limit: 2 }, 'law/1,law/2'],
        [{ from: 'law/3', limit: 1 }, 'law/3'],
        [{ limit: 0 }, ''],
        [{ limit: 9 }, keys.join()],
      ];
      for (const [range, should] of cases) {
        const got = (await keysOf(store, 'law/', range)).join();
        must(got === should, `a scan ${JSON.stringify(range)} of law/1 to law/4 gives ${got || 'nothing'}`);
      }
    },
  },
  {
    name: 'a scan of ten thousand keys gives each once',
    why: 'an engine that starts reads every group: one that is lost begins anew, one that comes twice counts twice',
    async check(_, tools) {
      const store = tools.create();
      const keys = Array.from({ length: 10_000 }, (_, i) => `law/${String(i).padStart(5, '0')}`);
      for (let i = 0; i < keys.length; i += 1_000) {
        await store.batch(keys.slice(i, i + 1_000).map((key): StoreWrite => ({ type: 'put', key, value: bytes(key) })));
      }
      const got = await keysOf(store, 'law/');
      must(got.length === keys.length, `10,000 keys were put, a scan gives ${got.length}`);
      const found = difference(got, keys, 0, 'place');
      if (found !== undefined) broken(`10,000 keys, and their scan: ${found}`);
    },
  },
  {
    name: 'a batch is whole or not at all',
    why: 'a checkpoint without its positions folds usage twice',
    async check(_, tools) {
      const store = tools.create();
      await put(store, { 'law/a': 'old', 'law/gone': 'here' });
      const error = await refusal(() =>
        store.batch([
          { type: 'put', key: 'law/a', value: bytes('new') },
          { type: 'delete', key: 'law/gone' },
          { type: 'put', key: `law/${'x'.repeat(600)}`, value: bytes('') },
        ]),
      );
      // A store that takes such keys breaks another law; this one asks whether the batch was torn.
      if (error === undefined) return;
      const [a, gone] = [await store.get('law/a'), await store.get('law/gone')];
      must(text(a) === 'old', `a batch was refused for its third write, and its first stands: ${said(a)}`);
      must(text(gone) === 'here', 'a batch was refused for its third write, and its second, a deletion, stands');
    },
  },
  {
    name: 'of two writes of one key in a batch the last stands',
    why: 'a batch is a list, and its order is what its writer meant',
    async check(_, tools) {
      const store = tools.create();
      await store.batch([
        { type: 'put', key: 'law/a', value: bytes('1') },
        { type: 'put', key: 'law/a', value: bytes('2') },
        { type: 'delete', key: 'law/b' },
        { type: 'put', key: 'law/b', value: bytes('back') },
        { type: 'put', key: 'law/c', value: bytes('1') },
        { type: 'delete', key: 'law/c' },
      ]);
      const got = [await store.get('law/a'), await store.get('law/b'), await store.get('law/c')].map(said).join(', ');
      must(got === '"2", "back", nothing', `put 1 then 2; delete then put back; put then delete: it holds ${got}`);
    },
  },
  {
    name: 'compare-and-set puts only where the present value is the expected one',
    why: 'leases are taken by it',
    async check(_, tools) {
      const store = tools.create();
      const tryIt = async (state: string, expected: string | undefined, should: boolean): Promise<void> => {
        const before = await store.get('law/a');
        const done = await store.compareAndSet('law/a', expected === undefined ? undefined : bytes(expected), bytes(state));
        const after = await store.get('law/a');
        const what = `${said(before)} was there, ${expected === undefined ? 'nothing' : `"${expected}"`} expected`;
        must(done === should, `${what}: it says ${done}`);
        must(text(after) === (should ? state : text(before)), `${what}: it says ${done} and then holds ${said(after)}`);
      };
      await tryIt('1', '', false);
      await tryIt('1', 'x', false);
      await tryIt('', undefined, true);
      await tryIt('2', undefined, false);
      await tryIt('2', '', true);
      await tryIt('3', '', false);
      await tryIt('3', 'x', false);
      await tryIt('3', '2', true);
    },
  },
  {
    name: 'of many compare-and-sets at once exactly one wins',
    why: 'two engines that both hold the lease both scale',
    async check(_, tools) {
      const store = tools.create();
      for (let round = 0; round < 10; round++) await oneWinner([store], round);
    },
  },
  {
    name: 'values are copied in and out',
    why: 'a caller uses its buffer again, and must not change the store by it',
    async check(_, tools) {
      const store = tools.create();
      const holds = async (should: string, after: string): Promise<void> => {
        const got = await store.get('law/a');
        must(text(got) === should, `after ${after} was overwritten, the store holds ${said(got)} in place of "${should}"`);
      };
      const value = bytes('aaaa');
      await store.batch([{ type: 'put', key: 'law/a', value }]);
      value.fill(120);
      await holds('aaaa', 'the array that was put');
      (await store.get('law/a'))?.fill(120);
      await holds('aaaa', 'the array that was got');
      for await (const [, scanned] of store.scan('law/')) scanned.fill(120);
      await holds('aaaa', 'the array that a scan gave');
      const next = bytes('bbbb');
      await store.compareAndSet('law/a', bytes('aaaa'), next);
      next.fill(120);
      await holds('bbbb', 'the array that compareAndSet was given');
      // A view into a larger buffer is stored alone.
      await store.batch([{ type: 'put', key: 'law/a', value: bytes('0123456789').subarray(3, 6) }]);
      const view = await store.get('law/a');
      must(text(view) === '345', `a view of three bytes was put, it gives ${said(view)}`);
    },
  },
  {
    name: 'after close every call is refused',
    why: 'a write after close is a write that is lost',
    async check(_, tools) {
      const store = tools.create();
      await put(store, { 'law/a': '1' });
      await store.close();
      await mustRefuseWith('STORE_CLOSED', 'get after close', () => store.get('law/a'));
      await mustRefuseWith('STORE_CLOSED', 'batch after close', () => put(store, { 'law/b': '2' }));
      await mustRefuseWith('STORE_CLOSED', 'scan after close', () => keysOf(store, 'law/'));
      await mustRefuseWith('STORE_CLOSED', 'compareAndSet after close', () => store.compareAndSet('law/c', undefined, bytes('')));
    },
  },
  {
    name: 'what was acknowledged is there after a restart',
    why: 'the process may end at any moment, and what it was told is durable it does not write again',
    unless: needsDurable,
    async check(_, tools) {
      const first = tools.create();
      await put(first, { 'law/a': '1', 'law/b': '2' });
      await first.batch([{ type: 'delete', key: 'law/b' }]);
      await first.compareAndSet('law/c', undefined, bytes('3'));
      const next = await another(first, tools);
      const got = [await next.get('law/a'), await next.get('law/b'), await next.get('law/c')].map(said).join(', ');
      must(got === '"1", nothing, "3"', `another instance finds ${got} where the first was told "1", nothing, "3"`);
    },
  },
  {
    name: 'of two instances exactly one wins',
    why: 'the leader and its standby share a store, and one lease',
    unless: needsDurable,
    async check(_, tools) {
      const first = tools.create();
      await put(first, { 'law/other': '' });
      const second = tools.create();
      // A store for one instance at a time has no second winner.
      const error = await refusal(() => second.get('law/none'));
      if (error?.code === 'STORE_LOCKED') return;
      for (let round = 0; round < 5; round++) await oneWinner([first, second], round);
    },
  },
  {
    name: 'what a newer version wrote is refused',
    why: 'after a rollback the old version must not write over what it cannot read',
    unless: (subject) => (subject.newer ? undefined : notOffered('the subject cannot make a store look newer')),
    async check(subject, tools) {
      const first = tools.create();
      await put(first, { 'law/a': '1' });
      await tools.close(first);
      await subject.newer?.();
      const next = tools.create();
      await mustRefuseWith('STORE_NEWER', 'reading a store of a newer version', () => next.get('law/a'));
      await mustRefuseWith('STORE_NEWER', 'writing to a store of a newer version', () => put(next, { 'law/a': '2' }));
    },
  },
];

/** Sixteen compare-and-sets at once, dealt out to `stores`, all with the value that is there: one may win, and its value stands. */
async function oneWinner(stores: readonly Store[], round: number): Promise<void> {
  const first = stores[0] as Store;
  const before = await first.get('law/lease');
  const calls = Array.from({ length: 16 }, async (_, i) => {
    const store = stores[i % stores.length] as Store;
    return (await store.compareAndSet('law/lease', before, bytes(`${round}/${i}`))) ? [`${round}/${i}`] : [];
  });
  const winners = (await Promise.all(calls)).flat();
  must(winners.length === 1, `of 16 at once with one expected value ${winners.length} won`);
  const after = text(await first.get('law/lease'));
  must(after === winners[0], `"${winners[0]}" won, and the store holds "${after}"`);
}

/** What every store does. */
export const storeLaws = laws('store', [
  ...commonLaws<'store'>(async (store: Store) => {
    await put(store, { 'law/a': '1' });
    await store.compareAndSet('law/a', bytes('1'), bytes('2'));
    await keysOf(store, 'law/');
    await store.get('law/a');
  }),
  ...list,
]);
