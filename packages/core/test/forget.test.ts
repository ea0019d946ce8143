import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { defineEnricher, defineSource } from '@auspex/contracts';
import {
  type AuspexConfig,
  createEngine,
  createShardedEngine,
  decodeUsage,
  type ForgetOptions,
  forget,
  type Store,
  type StoreWrite,
  type UsageEvent,
  use,
  VirtualClock,
} from '@auspex/core';
import { pack } from '@auspex/numerics';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { behavior } from '../../profiles/src/index.ts';
import { segmentEnricher } from '../../sources/src/enrich/segment/index.ts';
import { sessionEnricher } from '../../sources/src/enrich/session/index.ts';
import { LmdbStore } from '../../stores/src/lmdb/index.ts';
import { Redaction } from '../src/forget/redact.ts';
import { UserTrace } from '../src/forget/user.ts';
import { KeyChain } from '../src/users/keys.ts';
import { decodeBase } from '../src/users/record.ts';
import { dealt, fakeConfig, listSource, MapStore, MINUTE, meanProfiler, request, T0 } from './fakes.ts';

/** Group names begin with one another, and the last is what every group is said to go with. */
const GROUPS = ['shop', 'shop-anna', 'shop@anna', 'z'];
const MINUTES = 120;
const events: readonly UsageEvent[] = Array.from({ length: MINUTES * 8 }, (_, n) => {
  const group = GROUPS[n % 4] as string;
  // Late ones come a quarter of an hour too late.
  const late = n > 400 && n % 50 < 4;
  const at = T0 + n * (MINUTE / 8) - (late ? 15 * MINUTE : 0);
  return request(at, group, { user: n % 4 === 1 ? 'ann@example.com' : `u${n % 7}`, resource: `/r${n % 3}` });
});

function configOf(overrides: Partial<AuspexConfig> = {}): AuspexConfig {
  return fakeConfig(events, {
    enrich: [use(sessionEnricher)],
    profiler: use(behavior),
    pools: [
      { id: 'web', unitRate: 1, target: 1, leadTime: '2m' },
      { id: 'shop-anna', unitRate: 1, target: 1, leadTime: '2m', groups: ['shop*'], measure: 'work' },
    ],
    ...overrides,
  });
}

/** Runs the first `count` events over a store, in an engine that decides all; what it has in hand at its end is not closed. */
async function learn(store: Store, overrides: Partial<AuspexConfig> = {}, count = events.length, all = events): Promise<void> {
  const clock = new VirtualClock(T0 + MINUTES * MINUTE);
  const config = configOf({ sources: [use(open(all.slice(0, count), () => engine.stop()))], ...overrides });
  const engine = createEngine(config, { mode: 'shadow', decideFrom: T0, host: { store, durable: true, clock } });
  await engine.start();
  await engine.run();
  await engine.close();
}

/** A source that has more to say when it is stopped: its last step stays open. */
const open = (all: readonly UsageEvent[], onEnd: () => void) =>
  defineSource({
    id: 'list',
    summary: 'test',
    config: z.strictObject({}),
    capabilities: { replayable: true, silence: 'zero' },
    create: () => ({
      async *open(from, signal) {
        for (let n = Number(from['list'] ?? 0); n < all.length; n += 7) {
          const batch = all.slice(n, n + 7).map((event) => ({ ...event }));
          yield { partition: 'list', events: batch, position: String(n + batch.length) };
        }
        setImmediate(onEnd);
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      },
    }),
  });

async function learned(overrides: Partial<AuspexConfig> = {}): Promise<MapStore> {
  const store = new MapStore();
  await learn(store, overrides);
  return store;
}

const options = (store: Store, more: Partial<ForgetOptions> = {}): ForgetOptions => ({
  ...more,
  host: { store, clock: new VirtualClock(T0 + MINUTES * MINUTE) },
});

/** Keys in whose name or value the bytes occur. */
async function holding(store: Store, bytes: string | Buffer): Promise<string[]> {
  const found: string[] = [];
  for await (const [key, value] of store.scan('')) {
    if (Buffer.from(key).includes(bytes) || Buffer.from(decodeURIComponent(key)).includes(bytes) || Buffer.from(value).includes(bytes))
      found.push(key);
  }
  return found;
}

/** A user's hash of the present day, as it lies in sets of hashes. */
async function hashOf(store: Store, user: string): Promise<Buffer> {
  const trace = new UserTrace(user, new KeyChain(decodeBase((await store.get('engine/users')) as Uint8Array)));
  const bytes = Buffer.alloc(4);
  for (const hash of trace.until(T0)) {
    bytes.writeUInt32LE(hash);
    if ((await holding(store, bytes)).length > 0) return bytes;
  }
  throw new Error('the user is not there');
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const STORES: readonly (readonly [string, () => Store])[] = [
  ['memory', () => new MapStore()],
  [
    'lmdb',
    () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'auspex-forget-'));
      folders.push(folder);
      return new LmdbStore({ path: folder } as never);
    },
  ],
];

test.each(STORES)('%s: of a group nothing is left but its place in the journal', async (_, make) => {
  const store = make();
  await learn(store);
  const before = await holding(store, 'shop@anna');
  for (const place of ['engine/checkpoint', 'engine/snapshot', 'profile/', 'series/', 'usage/', 'late/', 'journal/'])
    expect(before.some((key) => key.startsWith(place))).toBe(true);
  const counted = await forget(configOf(), { group: 'shop@anna' }, options(store, { dryRun: true }));
  expect(await holding(store, 'shop@anna')).toEqual(before);
  const report = await forget(configOf(), { group: 'shop@anna' }, options(store));
  expect(report).toEqual({ ...counted, dryRun: false });
  expect(report).toMatchObject({ scopes: 1, left: [], erased: { profiles: 1, series: 2, memberships: 2, enricherStates: 1 } });
  for (const kind of ['openUsage', 'closedUsage', 'lateUsage', 'journalLines'] as const) expect(report.erased[kind]).toBeGreaterThan(0);
  expect(report.notes.join()).toContain('as one of many');
  expect(await holding(store, 'shop@anna')).toEqual([]);
  // Those whose names are like it are all there.
  expect((await holding(store, 'shop-anna')).length).toBeGreaterThan(before.length / 2);
  const again = await forget(configOf(), { group: 'shop@anna' }, options(store));
  expect(Object.values(again.erased).every((count) => count === 0)).toBe(true);
  expect(again).toMatchObject({ left: [], notes: [], near: 'shop-anna' });
  await store.close();
});

test.each(STORES)('%s: of a user no hash is left that could be found', async (_, make) => {
  const store = make();
  await learn(store);
  const hash = await hashOf(store, 'ann@example.com');
  const before = await holding(store, hash);
  for (const place of ['engine/checkpoint', 'profile/', 'usage/', 'late/']) expect(before.some((key) => key.startsWith(place))).toBe(true);
  const counted = await forget(configOf(), { user: 'ann@example.com' }, options(store, { dryRun: true }));
  expect(await holding(store, hash)).toEqual(before);
  const report = await forget(configOf(), { user: 'ann@example.com' }, options(store));
  expect(report).toEqual({ ...counted, dryRun: false });
  expect(report.erased).toMatchObject({ profiles: 1, enricherStates: 1, journalLines: 0 });
  expect(report.erased.closedUsage + report.erased.openUsage).toBeGreaterThanOrEqual(MINUTES);
  expect(await holding(store, hash)).toEqual([]);
  const others = await hashOf(store, 'u3');
  expect((await holding(store, others)).length).toBeGreaterThan(50);
  const again = await forget(configOf(), { user: 'ann@example.com' }, options(store));
  expect(Object.values(again.erased).every((count) => count === 0)).toBe(true);
  expect(again.left).toEqual([]);
  await store.close();
});

/** Without the lease, which says who was there. */
const entriesOf = (store: MapStore): [string, Uint8Array][] =>
  [...store.map].filter(([key]) => !key.startsWith('lease/')).sort(([a], [b]) => (a < b ? -1 : 1));

/** Refuses the n-th batch and all after it, as a process that is killed there. */
class Failing extends MapStore {
  left: number;
  constructor(map: Map<string, Uint8Array>, left: number) {
    super(map);
    this.left = left;
  }
  override async batch(writes: readonly StoreWrite[]): Promise<void> {
    if (this.left-- <= 0) throw new Error('killed');
    await super.batch(writes);
  }
}

test.each([[{ group: 'shop-anna' } as const], [{ user: 'ann@example.com' } as const]])(
  'broken off before any batch and run again, forgetting %o ends as if it had not been',
  async (what) => {
    const begun = await learned();
    const whole = new MapStore(new Map(begun.map));
    await forget(configOf(), what, options(whole));
    const { batches } = whole;
    expect(batches).toBeGreaterThanOrEqual(3);
    expect(batches).toBeLessThanOrEqual(5);
    for (let left = 0; left < batches; left++) {
      const map = new Map(begun.map);
      await expect(forget(configOf(), what, options(new Failing(map, left)))).rejects.toThrow('killed');
      const store = new MapStore(map);
      await forget(configOf(), what, options(store));
      expect(entriesOf(store)).toEqual(entriesOf(whole));
    }
  },
);

test('a group that comes back begins from nothing; the others go on as if nothing had been', async () => {
  const half = 500;
  const stores = [new MapStore(), new MapStore()] as const;
  const profiles = [];
  for (const [n, store] of stores.entries()) {
    await learn(store, {}, half);
    if (n === 1) await forget(configOf(), { group: 'shop-anna' }, options(store));
    await learn(store);
    const engine = createEngine(configOf(), { mode: 'replay', host: { store } });
    await engine.start();
    profiles.push(Object.fromEntries(engine.groups().map((group) => [group, engine.profile(group)])));
    await engine.close();
  }
  const [kept, forgotten] = profiles;
  expect(forgotten?.['shop']).toEqual(kept?.['shop']);
  expect(forgotten?.['z']).toEqual(kept?.['z']);
  expect(forgotten?.['shop-anna']).toBeDefined();
  expect(forgotten?.['shop-anna']).not.toEqual(kept?.['shop-anna']);
});

test('a user who comes back begins a session; the sessions of others go on', async () => {
  const half = 500;
  const starts = async (what?: { user: string }): Promise<number> => {
    const store = new MapStore();
    await learn(store, {}, half);
    if (what) await forget(configOf(), what, options(store));
    await learn(store);
    let sum = 0;
    for (const [key, value] of store.map) {
      if (key.startsWith('usage/') || key.startsWith('late/')) for (const usage of decodeUsage(value).usage) sum += usage.sessionStarts;
    }
    return sum;
  };
  const kept = await starts();
  expect(await starts({ user: 'ann@example.com' })).toBe(kept + 1);
  expect(await starts({ user: 'nobody' })).toBe(kept);
});

test('in what others are related to a group is not named', async () => {
  const profiler = { profiler: use(meanProfiler) };
  const store = await learned(profiler);
  const report = await forget(configOf(profiler), { group: 'z' }, options(store));
  expect(report.erased.correlations).toBe(3);
  expect(report.erased.leaders).toBe(2);
  const engine = createEngine(configOf(profiler), { mode: 'replay', host: { store } });
  await engine.start();
  expect(engine.groups()).toEqual(['shop', 'shop-anna', 'shop@anna']);
  expect(engine.profile('shop')?.correlated).toEqual([]);
  await engine.close();
});

test('what cannot forget is named', async () => {
  const remembering = defineEnricher({
    id: 'remembering',
    summary: 'test',
    config: z.strictObject({}),
    create: (): import('@auspex/contracts').Enricher<{ seen: number }> => ({
      begin: () => ({ seen: 0 }),
      enrich: (state, event) => {
        state.seen++;
        return event;
      },
      encode: (state) => pack(state),
      decode: () => ({ seen: 1 }),
    }),
  });
  const without = defineEnricher({
    id: 'without',
    summary: 'test',
    config: z.strictObject({}),
    create: () => ({ begin: () => 0, enrich: (_, event) => event, encode: () => new Uint8Array(), decode: () => 0 }),
  });
  const failing = defineEnricher({
    id: 'failing',
    summary: 'test',
    config: z.strictObject({}),
    create: () => ({
      begin: () => 0,
      enrich: (_, event) => event,
      forget: () => {
        throw new Error('no idea');
      },
      encode: () => new Uint8Array(),
      decode: () => 0,
    }),
  });
  const overrides = {
    enrich: [use(without), use(remembering), use(failing), use(segmentEnricher, { override: true })],
    profiler: use(meanProfiler),
  };
  const store = await learned(overrides);
  await store.batch([{ type: 'put', key: 'plugin/extension/mine/notes', value: new TextEncoder().encode('seen: ann@example.com') }]);
  const { left, erased } = await forget(configOf(overrides), { user: 'ann@example.com' }, options(store));
  // Segments is the one of them that could.
  expect(erased.enricherStates).toBe(1);
  expect(left).toEqual([
    { what: 'enricher remembering', why: 'cannot forget: it has a state and no way to forget' },
    { what: 'enricher failing', why: 'cannot forget: it failed: no idea' },
    { what: 'profiler mean', why: 'cannot forget users' },
    { what: 'plugin/extension/mine/notes', why: 'holds the name in a form of its own' },
  ]);
});

test('users of whom there were too many to list are said to be in registers still', async () => {
  const crowd = Array.from({ length: 900 }, (_, n) => request(T0 + n * 150, 'shop', { user: `u${n}` }));
  const store = new MapStore();
  await learn(store, {}, crowd.length, crowd);
  // Where chance has made it one of the 64 sources that are kept, it is erased there.
  const { left } = await forget(configOf(), { user: 'u5' }, options(store));
  expect(left).toEqual([
    { what: 'profiles', count: 1, why: expect.stringContaining('registers') },
    { what: 'usage', count: 2, why: expect.stringContaining('registers') },
  ]);
});

test('who is a group, too, is told of; who is not known at all is not', async () => {
  const store = await learned();
  expect((await forget(configOf(), { user: 'shop' }, options(store))).left).toEqual([
    { what: 'group "shop"', why: 'is a group: forget it as one' },
  ]);
  const before = entriesOf(store);
  const report = await forget(configOf(), { user: 'nobody' }, options(store));
  expect(Object.values(report.erased).every((count) => count === 0)).toBe(true);
  expect(report.near).toBeUndefined();
  expect((await forget(configOf(), { group: 'shob' }, options(store))).near).toBe('shop');
  expect(entriesOf(store)).toEqual(before);
});

test('beside an engine that is at work it changes nothing, and says whose the store is', async () => {
  const store = await learned();
  const lease = pack({ owner: 'elsewhere:1:ab', epoch: 4, expires: T0 + 1e9 });
  store.map.set('lease/allocator', lease);
  await expect(forget(configOf(), { group: 'shop' }, options(store))).rejects.toMatchObject({
    code: 'STORE_LOCKED',
    message: expect.stringContaining('elsewhere:1:ab'),
    remedy: expect.stringContaining('Stop it first'),
  });
  expect(store.map.get('lease/allocator')).toEqual(lease);
  expect((await forget(configOf(), { group: 'shop' }, options(store, { dryRun: true }))).erased.profiles).toBe(1);
  expect(store.map.get('lease/allocator')).toEqual(lease);
});

test('a checkpoint, snapshot or keys that cannot be read are not overwritten', async () => {
  for (const key of ['engine/checkpoint', 'engine/snapshot', 'engine/users']) {
    const store = await learned();
    store.map.set(key, pack({ v: 99 }));
    await expect(forget(configOf(), { group: 'shop' }, options(store))).rejects.toMatchObject({ code: 'STORE_UNREADABLE' });
    expect(store.map.get(key)).toEqual(pack({ v: 99 }));
  }
});

test('sources and pools that the config no longer has lose nothing but whom they are to forget', async () => {
  const store = await learned();
  const other = configOf({ sources: [use(listSource([], 1))], pools: [{ id: 'new', unitRate: 1, leadTime: '1m' }] });
  const { erased } = await forget(other, { group: 'shop-anna' }, options(store));
  expect(erased).toMatchObject({ profiles: 1, series: 2 });
  expect((await holding(store, 'shop-anna@*')).filter((key) => key.startsWith('series/'))).toEqual([]);
  expect((await holding(store, 'shop@anna@*')).some((key) => key.startsWith('series/'))).toBe(true);
  const engine = createEngine(configOf(), { mode: 'replay', host: { store } });
  await engine.start();
  expect(engine.counts().events).toBe(events.length);
  await engine.close();
});

test.each(STORES)('%s: every shard forgets, and all are locked while it does', async (_, make) => {
  const store = make();
  const sources = [use(dealt(events, ['p/0', 'p/1']))];
  const config = configOf({ sources });
  const clock = new VirtualClock(T0 + MINUTES * MINUTE);
  const engine = createShardedEngine(config, { mode: 'shadow', host: { store, clock } });
  await engine.start();
  await engine.run();
  await engine.close();
  expect((await holding(store, 'shop-anna')).some((key) => key.startsWith('shard/p%2F1/'))).toBe(true);
  const hash = await hashOf(store, 'ann@example.com');
  expect((await holding(store, hash)).some((key) => key.startsWith('shard/p%2F0/'))).toBe(true);
  const user = await forget(config, { user: 'ann@example.com' }, options(store));
  expect(user).toMatchObject({ scopes: 3, erased: { profiles: 2 } });
  expect(await holding(store, hash)).toEqual([]);
  const group = await forget(config, { group: 'shop-anna' }, options(store));
  expect(group).toMatchObject({ scopes: 3, left: [], erased: { profiles: 2, series: 4 } });
  // A pool has that name, too.
  const left = (await holding(store, 'shop-anna')).map((key) => key.replace(/^shard\/[^/]+\//, ''));
  expect([...new Set(left)]).toEqual([
    'engine/capacity',
    'engine/checkpoint',
    'engine/snapshot',
    'leaders/shop-anna',
    'series/pool%3Ashop-anna',
    'surges/shop-anna',
  ]);
  await store.batch([{ type: 'put', key: 'shard/p%2F1/lease/allocator', value: pack({ owner: 'b:1:c', epoch: 1, expires: T0 + 1e9 }) }]);
  await expect(forget(config, { group: 'shop' }, options(store))).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  await store.close();
});

test('a replay’s store forgets, too', async () => {
  const store = new MapStore();
  const config = configOf({ sources: [use(listSource(events, 7))] });
  const engine = createEngine(config, { mode: 'replay', host: { store, clock: new VirtualClock() } });
  await engine.start();
  await engine.run();
  await engine.checkpoint();
  await engine.close();
  const report = await forget(config, { user: 'ann@example.com' }, options(store));
  expect(report).toMatchObject({ erased: { profiles: 1 }, notes: [] });
});

test('ended by a signal it is finished by another run', async () => {
  const store = await learned();
  const abort = new AbortController();
  abort.abort();
  await expect(forget(configOf(), { group: 'shop' }, options(store, { signal: abort.signal }))).rejects.toThrow();
  expect((await forget(configOf(), { group: 'shop' }, options(store))).erased.profiles).toBe(1);
});

test('names are taken out of lines of the journal where they are names', () => {
  const shop = new Redaction('shop');
  const line = {
    type: 'decision',
    decision: {
      pool: 'shop',
      trail: [{ by: 'shop', text: 'surge probability 0.42 of group shop: 0.4; shop 43 %, workshop 2 %, shop-anna 1 %, "shop", shop@p' }],
      surges: [{ group: 'shop', pop: 'shop' }, { group: 'workshop' }],
      shares: { shop: 1, other: 2 },
    },
  };
  expect(shop.of(line)).toEqual({
    type: 'decision',
    decision: {
      pool: 'shop',
      trail: [
        {
          by: 'shop',
          text: 'surge probability 0.42 of group (forgotten): 0.4; (forgotten) 43 %, workshop 2 %, shop-anna 1 %, "(forgotten)", (forgotten)@p',
        },
      ],
      surges: [{ group: '(forgotten)', pop: 'shop' }, { group: 'workshop' }],
      shares: { '(forgotten)': 1, other: 2 },
    },
  });
  expect(new Redaction('bakery').of(line)).toBe(line);
  const short = new Redaction('a');
  expect(short.of('a mean of a day; group a: 0.4; a 43 %, a@p, "a", (a)')).toBe(
    'a mean of a day; group (forgotten): 0.4; (forgotten) 43 %, (forgotten)@p, "(forgotten)", (a)',
  );
});
