import { createEngine, createShardedEngine, decodeUsage, type EngineOptions, type UsageEvent, use, VirtualClock } from '@auspex/core';
import { expect, test } from 'vitest';
import { zoneOf } from '../src/cycle/groups.ts';
import { hashUnder, UserHash } from '../src/users/hash.ts';
import { KeyChain, newBase, seededKeys } from '../src/users/keys.ts';
import { advanceShared, decodeBase, encodeBase, oldestDay, readKeys } from '../src/users/record.ts';
import { dealt, fakeConfig, listSource, MapStore, mapStore, request, T0 } from './fakes.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const D0 = T0 / DAY;

const utc = (): string => 'UTC';
const at = (step: number, group = 'a', pop = 'p') => ({ step, group, pop });

test('a user has one hash a day, and another one the next day', () => {
  const users = new UserHash(new KeyChain(newBase()), utc);
  const first = users.of('ann', at(T0));
  expect(users.of('ann', at(T0 + DAY - 1))).toBe(first);
  expect(users.of('bob', at(T0))).not.toBe(first);
  expect(users.of('ann', at(T0 + DAY))).not.toBe(first);
  // A late one of the day before has the hash of its own day.
  expect(users.of('ann', at(T0 + HOUR))).toBe(first);
});

test('chains from one base agree on every day, whatever they were asked before', () => {
  const base = newBase();
  const one = new KeyChain(base);
  const other = new KeyChain(decodeBase(encodeBase(base)));
  const days = [D0, D0 + 200, D0 + 1, 3, 64, 65, D0 + 64, 0, -5];
  const keys = days.map((day) => Buffer.from(one.of(day)).toString('hex'));
  expect(days.toReversed().map((day) => Buffer.from(other.of(day)).toString('hex'))).toEqual(keys.toReversed());
  expect(new Set(keys).size).toBe(days.length - 1);
  expect(one.of(-5)).toBe(base.key);
  // A base that has moved on changes no later day.
  const moved = new KeyChain(one.baseAt(D0 + 1) as never);
  expect(moved.of(D0 + 200)).toEqual(one.of(D0 + 200));
  one.advance(moved.base);
  expect(one.of(D0 + 200)).toEqual(moved.of(D0 + 200));
  expect(one.of(D0)).toEqual(moved.base.key);
  expect(one.baseAt(D0 + 1)).toBeUndefined();
});

test('whoever has the keys of a day cannot tell a hash of the day before', () => {
  const chain = new KeyChain(newBase());
  const old = hashUnder(chain.of(D0), 'ann');
  const kept = new KeyChain(decodeBase(encodeBase(chain.baseAt(D0 + 1) as never)));
  for (let day = D0 - 3; day < D0 + 2000; day++) expect(hashUnder(kept.of(day), 'ann')).not.toBe(old);
});

test('a day is that of the zone of the group', () => {
  const zones = { default: 'UTC', pops: { ny: 'America/New_York' }, groups: { tokyo: '+09:00' } };
  const users = new UserHash(seededKeys(1), (group, pop) => zoneOf(zones, group, pop));
  const midnight = T0 + DAY;
  const sides = (group: string, pop: string, around: number): boolean =>
    users.of('ann', at(around - HOUR, group, pop)) === users.of('ann', at(around + HOUR, group, pop));
  expect(sides('a', 'p', midnight)).toBe(false);
  expect(sides('a', 'ny', midnight)).toBe(true);
  expect(sides('a', 'ny', midnight + 5 * HOUR)).toBe(false);
  expect(sides('tokyo', 'ny', midnight)).toBe(true);
  expect(sides('tokyo', 'ny', midnight - 9 * HOUR)).toBe(false);
});

test('more users and days than are remembered keep their hashes', () => {
  const users = new UserHash(seededKeys(1), utc);
  const first = users.of('u0', at(T0));
  for (let n = 0; n < 65_540; n++) users.of(`u${n}`, at(T0));
  for (let day = 1; day < 6; day++) users.of('u0', at(T0 + day * DAY));
  expect(users.of('u0', at(T0))).toBe(first);
});

test('keys that cannot be read begin anew, and say so', async () => {
  const store = new MapStore(new Map([['engine/users', new Uint8Array([1, 2])]]));
  const told: string[] = [];
  const chain = await readKeys(store, (error) => told.push((error as Error).message));
  expect(told.length).toBe(1);
  expect(decodeBase(store.map.get('engine/users') as Uint8Array)).toEqual(chain.base);
});

test('of instances that move the shared keys on at the same moment all end with the same', async () => {
  const store = new MapStore();
  const unread = (error: unknown): never => {
    throw error;
  };
  const bases = await Promise.all(Array.from({ length: 5 }, (_, n) => advanceShared(store, D0 + (n % 2), unread)));
  const last = decodeBase(store.map.get('engine/users') as Uint8Array);
  expect(last.day).toBe(D0 + 1);
  for (const base of bases) expect(new KeyChain(base).of(D0 + 9)).toEqual(new KeyChain(last).of(D0 + 9));
});

/** Two users an hour for three days; ann is there throughout. */
const days = Array.from({ length: 72 }, (_, hour) => [
  request(T0 + hour * HOUR, 'a', { user: 'ann' }),
  request(T0 + hour * HOUR + 1, 'a', { user: `u${hour}` }),
]).flat();

async function runOver(
  map: Map<string, Uint8Array>,
  events: readonly UsageEvent[],
  options: Partial<EngineOptions> = {},
  batch = 5,
): Promise<void> {
  const engine = createEngine(
    fakeConfig(events, { store: use(mapStore(map)), sources: [use(listSource(events, batch))], step: '1h', zone: '-05:00' }),
    { mode: 'shadow', host: { clock: new VirtualClock(T0 + 4 * DAY) }, ...options },
  );
  await engine.start();
  await engine.run();
  await engine.close();
}

/** Hashes of each closed step. */
function hashesIn(map: Map<string, Uint8Array>): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const [key, value] of map) {
    if (!key.startsWith('usage/')) continue;
    for (const { step, users } of decodeUsage(value).usage) found.set(step, 'hashes' in users ? [...users.hashes] : []);
  }
  return found;
}

test('the store keeps the keys of the last days alone, and what an older hash is of cannot be found out with it', async () => {
  const map = new Map<string, Uint8Array>();
  await runOver(map, days);
  const base = decodeBase(map.get('engine/users') as Uint8Array);
  expect(base.day).toBe(oldestDay(T0 + 3 * DAY));
  const chain = new KeyChain(base);
  const derivable = new Set(Array.from({ length: 500 }, (_, n) => hashUnder(chain.of(base.day + n), 'ann')));
  const seen = hashesIn(map);
  const has = (step: number): boolean => (seen.get(step) as number[]).some((hash) => derivable.has(hash));
  // Local days: the first of them, in -05:00, ends at five.
  expect(has(T0 + 4 * HOUR)).toBe(false);
  expect(has(T0 + 5 * HOUR)).toBe(false);
  expect(has(T0 + DAY + 5 * HOUR)).toBe(true);
});

test('a user who was there on both sides of a midnight of UTC within one local day counts once', async () => {
  const map = new Map<string, Uint8Array>();
  await runOver(map, days);
  const seen = hashesIn(map);
  const common = (a: number, b: number): number => {
    const before = new Set(seen.get(a));
    return (seen.get(b) as number[]).filter((hash) => before.has(hash)).length;
  };
  expect(common(T0 + DAY - HOUR, T0 + DAY)).toBe(1);
  expect(common(T0 + DAY + 4 * HOUR, T0 + DAY + 5 * HOUR)).toBe(0);
});

test('killed at any step and started again, hashes are those of a run without a break', async () => {
  const begun: readonly [string, Uint8Array][] = [['engine/users', encodeBase(newBase())]];
  const whole = new Map(begun);
  await runOver(whole, days, {}, 1);
  for (const hour of [10, 28, 60, 70]) {
    const copies: Map<string, Uint8Array>[] = [];
    const map = new Map(begun);
    await runOver(map, days, { onStep: (step) => step === T0 + hour * HOUR && copies.push(new Map(map)) }, 1);
    const left = copies[0] as Map<string, Uint8Array>;
    await runOver(left, days, {}, 1);
    expect(hashesIn(left)).toEqual(hashesIn(whole));
    expect(left.get('engine/users')).toEqual(whole.get('engine/users'));
  }
});

test('a batch that the store refuses leaves the keys as they were', async () => {
  const map = new Map<string, Uint8Array>();
  const store = new MapStore(map);
  let before = newBase();
  const engine = createEngine(fakeConfig(days, { sources: [use(listSource(days, 1))], step: '1h' }), {
    mode: 'shadow',
    host: { clock: new VirtualClock(T0 + 4 * DAY), store, durable: true },
    onStep: (step) => {
      if (step !== T0 + 71 * HOUR) return;
      store.failNext = true;
      before = decodeBase(map.get('engine/users') as Uint8Array);
    },
  });
  await engine.start();
  await engine.run().catch(() => undefined);
  await expect(engine.close()).rejects.toThrow('did not close');
  expect(decodeBase(map.get('engine/users') as Uint8Array)).toEqual(before);
  expect(before.day).toBe(oldestDay(T0 + 2 * DAY));
  await runOver(map, days);
  const after = new KeyChain(decodeBase(map.get('engine/users') as Uint8Array));
  expect(after.base.day).toBe(oldestDay(T0 + 3 * DAY));
  expect(after.of(D0 + 9)).toEqual(new KeyChain(before).of(D0 + 9));
});

test('a replay writes no keys, and hashes by its seed alone', async () => {
  const hashes = async (seed: number): Promise<unknown> => {
    const map = new Map<string, Uint8Array>();
    const config = fakeConfig(days, { store: use(mapStore(map)), sources: [use(listSource(days))], step: '1h', seed });
    const engine = createEngine(config, { mode: 'replay' });
    await engine.start();
    await engine.run();
    await engine.close();
    expect(map.has('engine/users')).toBe(false);
    return hashesIn(map);
  };
  const first = await hashes(1);
  expect(await hashes(1)).toEqual(first);
  expect(await hashes(2)).not.toEqual(first);
});

test('shards begin from the keys of all, and a user has one hash in each of them', async () => {
  const map = new Map<string, Uint8Array>();
  const today = days.filter((event) => event.at >= T0 + 2 * DAY);
  const own = encodeBase(newBase());
  map.set('shard/third/engine/users', own);
  const config = fakeConfig([], {
    store: use(mapStore(map)),
    sources: [use(dealt(today, ['first', 'second', 'third']))],
    step: '1h',
  });
  await using engine = createShardedEngine(config, { mode: 'shadow', host: { clock: new VirtualClock(T0 + 3 * DAY) } });
  await engine.start();
  expect(decodeBase(map.get('engine/users') as Uint8Array).day).toBe(oldestDay(T0 + 3 * DAY));
  await engine.run();
  const shard = (name: string): Map<number, number[]> =>
    hashesIn(new Map([...map].flatMap(([key, value]) => (key.startsWith(`shard/${name}/`) ? [[key.slice(name.length + 7), value]] : []))));
  expect(shard('first').size).toBeGreaterThan(10);
  expect(shard('second')).toEqual(shard('first'));
  expect(map.get('shard/second/engine/users')).toEqual(map.get('engine/users'));
  // One that has keys of its own keeps them: what it counted today was counted with them.
  expect(shard('third')).not.toEqual(shard('first'));
  expect(decodeBase(map.get('shard/third/engine/users') as Uint8Array).day).toBe(oldestDay(T0 + 3 * DAY));
});
