import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AuspexError, type Plugin, type Store, type StoreWrite } from '@auspex/contracts';
import { runLaws } from '@auspex/testkit';
import { expect } from 'vitest';
import type { Server } from '../../../test/servers/index.ts';
import type { Backend } from '../src/database/backend.ts';
import { DatabaseStore } from '../src/database/store.ts';
import { bytes, text } from './tools.ts';

/* What is held of both databases. */

/** All laws on `plugin`; each law has a store of its own. */
export async function keepsLaws(plugin: Plugin<'store'>, options: () => object, newer: (options: object) => Promise<void>): Promise<void> {
  const verdict = await runLaws(
    () => {
      const given = options();
      return { plugin, with: given, newer: () => newer(given) };
    },
    { limitMs: 20_000 },
  );
  expect(verdict.results.filter(({ outcome }) => outcome !== 'holds').map(({ law, seen }) => `${law}: ${seen}`)).toEqual([]);
}

/** Eight instances want one lease, ten epochs long: in each exactly one gets it, and those before it write nothing any more. */
export async function oneLease(make: () => Store): Promise<void> {
  const stores = Array.from({ length: 8 }, make);
  await stores[0]?.get('lease/allocator');
  const key = 'lease/allocator';
  for (let epoch = 1; epoch <= 10; epoch++) {
    const before = await stores[0]?.get(key);
    const won = await Promise.all(stores.map((store, i) => store.compareAndSet(key, before, bytes(`${epoch}/${i}`))));
    expect(won.filter(Boolean)).toHaveLength(1);
    const winner = won.indexOf(true);
    expect(text(await stores[(winner + 1) % 8]?.get(key))).toBe(`${epoch}/${winner}`);
    await stores[winner]?.batch([{ type: 'put', key: 'engine/checkpoint', value: bytes(`${epoch}`) }]);
    expect(text(await stores[(winner + 3) % 8]?.get('engine/checkpoint'))).toBe(`${epoch}`);
  }
  await Promise.all(stores.map((store) => store.close()));
}

/** An owner sleeps, another takes the lease, the owner wakes: its batches are refused, small and large, and change nothing. */
export async function lateOwner(make: () => Store): Promise<void> {
  const [old, next, reader] = [make(), make(), make()];
  const key = 'lease/allocator';
  expect(await old.compareAndSet(key, undefined, bytes('old'))).toBe(true);
  await old.batch(many('profile/', 80, 'old'));
  expect(await next.compareAndSet(key, bytes('old'), bytes('next'))).toBe(true);
  await next.batch(many('profile/', 80, 'next'));
  for (const writes of [many('profile/', 1, 'late'), many('profile/', 80, 'late')]) {
    await expect(old.batch(writes)).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  }
  for await (const [, value] of reader.scan('profile/')) expect(text(value)).toMatch(/^next/);
  // It may try to get the lease again, and write when it has it.
  expect(await old.compareAndSet(key, bytes('old'), bytes('again'))).toBe(false);
  expect(await old.compareAndSet(key, bytes('next'), bytes('again'))).toBe(true);
  await old.batch(many('profile/', 80, 'again'));
  expect(text(await reader.get('profile/0'))).toMatch(/^again/);
  await Promise.all([old, next, reader].map((store) => store.close()));
}

/** A process that dies after its batch counts and before it is written: whoever reads next finds it whole. */
export async function diedInBetween(make: () => Backend): Promise<void> {
  for (const count of [3, 80]) {
    const broken = make();
    broken.apply = () => Promise.reject(new Error('killed'));
    const dying = new DatabaseStore(broken, 1);
    const whole = new DatabaseStore(make(), 3);
    await whole.batch(many('profile/', count, 'old'));
    await expect(
      dying.batch([...many('profile/', count, 'new'), { type: 'put', key: 'engine/checkpoint', value: bytes('new') }]),
    ).rejects.toMatchObject({
      code: 'STORE_WRITE_FAILED',
    });
    // The first key that is asked for brings the others with it.
    const reader = new DatabaseStore(make(), 3);
    expect(text(await reader.get('engine/checkpoint'))).toBe('new');
    for await (const [, value] of whole.scan('profile/')) expect(text(value)).toMatch(/^new/);
    expect(await whole.compareAndSet('engine/checkpoint', bytes('new'), bytes('old'))).toBe(true);
    await Promise.all([dying, whole, reader].map((store) => store.close()));
  }
}

/** An old batch that is applied late, and again, changes nothing: not even a key that is gone by now. */
export async function lateWrites(make: () => Backend): Promise<void> {
  const [backend, tried] = [make(), <T>(call: () => Promise<T>): Promise<T> => call()];
  await backend.open();
  const put = (key: string, value: string): StoreWrite => ({ type: 'put', key, value: bytes(value) });
  await backend.apply([put('a', 'new'), { type: 'delete', key: 'b' }, { type: 'delete', key: 'never' }], 7, tried);
  for (let i = 0; i < 2; i++) await backend.apply([put('a', 'late'), put('b', 'late'), put('never', 'late'), put('c', 'first')], 5, tried);
  const found = await Promise.all(['a', 'b', 'never', 'c'].map(async (key) => text((await backend.get(key)) as Uint8Array | undefined)));
  expect(found).toEqual(['new', undefined, undefined, 'first']);
  await backend.apply([put('b', 'back')], 9, tried);
  expect(text((await backend.get('b')) as Uint8Array | undefined)).toBe('back');
  await backend.close();
}

/** Values far longer than the database takes in one piece, that grow, shrink and go. */
export async function longValues(make: () => Store): Promise<void> {
  const [store, other] = [make(), make()];
  const long = (size: number, seed: number): Uint8Array => new Uint8Array(size).map((_, i) => (i * seed) % 251);
  for (const [size, seed] of [
    [9_000_001, 3],
    [20_000_000, 5],
    [5_000_000, 7],
    [10, 11],
    [6_000_000, 13],
  ] as const) {
    await store.batch([{ type: 'put', key: 'engine/snapshot', value: long(size, seed) }, ...many('engine/t', 2, 'x')]);
    expect(Buffer.compare((await other.get('engine/snapshot')) as Uint8Array, long(size, seed))).toBe(0);
    const sizes: number[] = [];
    for await (const [, value] of other.scan('engine/')) sizes.push(value.length);
    expect(sizes).toEqual([size, 500, 500]);
  }
  await store.batch([{ type: 'delete', key: 'engine/snapshot' }]);
  expect(await other.get('engine/snapshot')).toBeUndefined();
  await Promise.all([store.close(), other.close()]);
}

export function many(prefix: string, count: number, value: string): StoreWrite[] {
  return Array.from({ length: count }, (_, i) => ({ type: 'put', key: `${prefix}${i}`, value: bytes(value.padEnd(500)) }));
}

const BATCH = 120;

/**
 * Batches without end while `hurt` does harm, round after round. After each round a new instance looks: what was acknowledged is there, and
 * each batch whole. Returns how many batches were written.
 */
export async function survives(rounds: number, make: (attempts: number) => Store, hurt: (round: number) => Promise<void>): Promise<number> {
  let [next, acknowledged] = [0, -1];
  for (let round = 0; round < rounds; round++) {
    const writer = make(2);
    let on = true;
    const writing = (async () => {
      while (on) {
        // Every other one is small enough to hang on the head.
        const count = next % 2 === 0 ? BATCH : 20;
        const value = bytes(String(next).padEnd(400));
        const name = String(next).padStart(6, '0');
        const writes = Array.from({ length: count }, (_, i): StoreWrite => ({ type: 'put', key: `batch${i % 3}/${name}/${i}`, value }));
        try {
          await writer.batch([...writes, { type: 'put', key: 'engine/checkpoint', value }]);
          acknowledged = next++;
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^STORE_(WRITE_FAILED|UNREACHABLE)$/) });
        }
      }
    })();
    await hurt(round);
    on = false;
    await writing;
    await writer.close();
    await whole(make(8), acknowledged, next);
  }
  return next;
}

async function whole(reader: Store, acknowledged: number, next: number): Promise<void> {
  const sizes = new Map<number, number>();
  for await (const [key, value] of reader.scan('batch')) {
    const batch = Number(key.split('/')[1]);
    expect(Number(text(value))).toBe(batch);
    sizes.set(batch, (sizes.get(batch) ?? 0) + 1);
  }
  for (const [batch, size] of sizes) expect([batch, size]).toEqual([batch, batch % 2 === 0 ? BATCH : 20]);
  for (let n = 0; n <= acknowledged; n++) expect(sizes.has(n)).toBe(true);
  expect([...sizes.keys()].every((batch) => batch <= next)).toBe(true);
  const last = Number(text(await reader.get('engine/checkpoint')) ?? -1);
  expect(last).toBe(Math.max(-1, ...sizes.keys()));
  await reader.close();
}

/** A process of its own that writes batches, killed in the middle; the next instance finds each whole. */
export async function writerDies(rounds: number, name: 'mongo' | 'cassandra', options: object, make: () => Store): Promise<void> {
  let next = 0;
  for (let round = 0; round < rounds; round++) {
    const child = startChild(name, options, next);
    let acknowledged = next - 1;
    child.stdout?.on('data', (chunk: Buffer) => {
      acknowledged = Number(chunk.toString().trim().split('\n').at(-1));
      if (acknowledged >= next + 2) setTimeout(() => child.kill('SIGKILL'), (round * 7) % 23);
    });
    await new Promise((resolve) => child.on('close', resolve));
    const reader = make();
    const sizes = new Map<number, number>();
    for await (const [key] of reader.scan('dies/')) sizes.set(Number(key.split('/')[1]), (sizes.get(Number(key.split('/')[1])) ?? 0) + 1);
    expect(new Set(sizes.values())).toEqual(new Set([BATCH]));
    for (let n = 0; n <= acknowledged; n++) expect(sizes.get(n)).toBe(BATCH);
    next = Math.max(...sizes.keys()) + 1;
    await reader.close();
  }
  expect(next).toBeGreaterThan(2 * rounds);
}

function startChild(name: string, options: object, first: number): ChildProcess {
  const file = fileURLToPath(new URL('child-database.ts', import.meta.url));
  const args = ['--conditions=source', '--import', import.meta.resolve('tsx'), file, name, JSON.stringify(options), String(first)];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** The first call fails within 15 s, with one clear error. */
export async function fails(store: Store, error: { code: string; message: RegExp; remedy: RegExp }): Promise<void> {
  const begin = performance.now();
  const thrown = await store.get('a').then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(thrown).toBeInstanceOf(AuspexError);
  expect(thrown).toMatchObject({
    code: error.code,
    message: expect.stringMatching(error.message),
    remedy: expect.stringMatching(error.remedy),
  });
  expect((thrown as Error).message).not.toContain('\n');
  expect((thrown as Error).message).not.toContain('wrong-secret');
  expect(performance.now() - begin).toBeLessThan(15_000);
  await store.close();
}

/** Only where the test server is one of ours. */
export function host(server: Server): string {
  return server.details['host'] ?? server.address;
}
