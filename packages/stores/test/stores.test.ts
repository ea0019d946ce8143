import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Store } from '@auspex/contracts';
import { LmdbStore, lmdb, MemoryStore, memory } from '@auspex/stores';
import { afterEach, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../src/lmdb/client.ts';
import { STORE_LAWS } from './store-laws.ts';

const folders: string[] = [];
const opened: Store[] = [];

function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'auspex-store-'));
  folders.push(made);
  return made;
}

function openLmdb(at: string): LmdbStore {
  const store = new LmdbStore(openDatabase(at), at);
  opened.push(store);
  return store;
}

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

const kinds: readonly (readonly [string, () => Promise<Store>])[] = [
  ['memory', async () => MemoryStore.create()],
  ['lmdb', async () => openLmdb(folder())],
];

describe.each(kinds)('%s', (_, open) => {
  test.each(STORE_LAWS.map((law) => [law.name, law] as const))('%s', async (_name, law) => {
    await law.check(open);
  });
});

test('plugins make stores and declare what survives', async () => {
  expect(memory.capabilities.durable).toBe(false);
  expect(lmdb.capabilities.durable).toBe(true);
  const store = lmdb.create({ path: folder() }, {} as never);
  await store.batch([{ type: 'put', key: 'k', value: new Uint8Array([1]) }]);
  await store.close();
  expect(await (memory.create({}, {} as never) as Store).get('k')).toBeUndefined();
});

test('a forked memory store goes its own way', async () => {
  const store = MemoryStore.create();
  await store.batch([{ type: 'put', key: 'a', value: new Uint8Array([1]) }]);
  const fork = store.fork();
  await store.batch([{ type: 'put', key: 'a', value: new Uint8Array([2]) }]);
  expect(await fork.get('a')).toEqual(new Uint8Array([1]));
});

test('lmdb keeps its content over close and open, and two handles see each other', async () => {
  const at = folder();
  const one = openLmdb(at);
  await one.batch([{ type: 'put', key: 'a', value: new Uint8Array([1]) }]);
  await one.close();
  expect(await openLmdb(at).get('a')).toEqual(new Uint8Array([1]));
});

test('a store of a newer format, a damaged mark, a file in its place: each is refused by name', async () => {
  const newer = folder();
  const database = openDatabase(newer);
  database.transactionSync(() => database.putSync('meta/format', Buffer.from('2')));
  await database.close();
  expect(() => openDatabase(newer)).toThrow(expect.objectContaining({ code: 'STORE_NEWER', path: newer }));
  const damaged = folder();
  const other = openDatabase(damaged);
  other.transactionSync(() => other.putSync('meta/format', Buffer.from('abc')));
  await other.close();
  expect(() => openDatabase(damaged)).toThrow(expect.objectContaining({ code: 'STORE_UNREADABLE' }));
  const file = path.join(folder(), 'file');
  writeFileSync(file, 'not a store');
  expect(() => openDatabase(file)).toThrow(expect.objectContaining({ code: 'STORE_UNREADABLE', path: file }));
  const junk = folder();
  writeFileSync(path.join(junk, 'data.mdb'), Buffer.alloc(8192, 0x5a));
  expect(() => openDatabase(junk)).toThrow(expect.objectContaining({ code: 'STORE_UNREADABLE' }));
});

test('a write that the disk refuses is an error with its remedy', async () => {
  const full = {
    transactionSync: () => {
      throw new Error('ENOSPC: no space left on device');
    },
  } as unknown as Database;
  const store = new LmdbStore(full, 'somewhere');
  await expect(store.batch([])).rejects.toMatchObject({ path: 'somewhere', remedy: expect.stringContaining('Make room') });
});
