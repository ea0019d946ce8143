import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AuspexError, type ErrorCode } from '@auspex/contracts';
import { afterAll, describe, expect, it } from 'vitest';
import { CLIENT_OPTIONS } from '../src/lmdb/client.ts';
import { LmdbStore, lmdb } from '../src/lmdb/index.ts';
import { ended, start } from './children.ts';
import { bytes, list, put, text } from './tools.ts';

const root = mkdtempSync(join(tmpdir(), 'auspex-lmdb-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;
const fresh = (): string => join(root, `store.${made++}`);

async function failure(action: () => Promise<unknown>): Promise<{ code: ErrorCode; path: string | undefined; remedy: string }> {
  const error = await action().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AuspexError);
  return error as AuspexError;
}

/** A store with 2,000 entries, closed. */
async function filled(): Promise<string> {
  const path = fresh();
  const store = new LmdbStore({ path });
  await put(store, Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`k/${i}`, 'x'.repeat(500)])));
  await store.close();
  return path;
}

describe('lmdb', () => {
  it('keeps what it was given after it is opened again, and shows nothing of its own', async () => {
    const path = fresh();
    const first = lmdb.create(lmdb.config.parse({ path }), {} as never);
    await put(first as LmdbStore, { a: '1' });
    await first.close();
    const second = new LmdbStore({ path });
    expect(await list(second, '')).toEqual(['a=1']);
    await second.close();
  });

  it('touches nothing before its first call', async () => {
    const path = fresh();
    await new LmdbStore({ path }).close();
    expect(() => readFileSync(join(path, 'data.mdb'))).toThrow();
  });

  it('two stores of one directory in one process see each other, and closing one leaves the other', async () => {
    const path = fresh();
    const [a, b] = [new LmdbStore({ path }), new LmdbStore({ path })];
    await put(a, { k: '1' });
    expect(text(await b.get('k'))).toBe('1');
    expect(await b.compareAndSet('k', bytes('1'), bytes('2'))).toBe(true);
    expect(text(await a.get('k'))).toBe('2');
    await a.close();
    expect(text(await b.get('k'))).toBe('2');
    await b.close();
  });

  it('of compare-and-sets from two processes exactly one wins each time', async () => {
    const path = fresh();
    const children = [start('child-lease.ts', path, '300'), start('child-lease.ts', path, '300')];
    const results = await Promise.all(children.map(ended));
    expect(results.map((result) => result.code)).toEqual([0, 0]);
    const store = new LmdbStore({ path });
    // 600 wins and not one of them overwritten.
    expect(text(await store.get('counter'))).toBe('600');
    await store.close();
  });

  it('killed in the middle of batches, 20 times: each batch is whole or absent, and no acknowledged one is lost', async () => {
    const path = fresh();
    let next = 0;
    for (let round = 0; round < 20; round++) {
      const child = start('child-batches.ts', path, String(next));
      let acknowledged = next - 1;
      let killAfter = next + 3 + ((round * 7) % 11);
      child.stdout?.on('data', (chunk: Buffer) => {
        acknowledged = Number(chunk.toString().trim().split('\n').at(-1));
        // Between two acknowledgements, so at some point inside a batch.
        if (acknowledged >= killAfter) {
          killAfter = Number.POSITIVE_INFINITY;
          setTimeout(() => child.kill('SIGKILL'), round % 3);
        }
      });
      await new Promise((resolve) => child.on('close', resolve));
      const store = new LmdbStore({ path });
      const sizes = new Map<number, number>();
      for await (const [key, value] of store.scan('')) {
        const batch = Number(key.split('/')[0]);
        expect(Number(text(value))).toBe(batch);
        sizes.set(batch, (sizes.get(batch) ?? 0) + 1);
      }
      for (const size of sizes.values()) expect(size).toBe(200);
      for (let n = 0; n <= acknowledged; n++) expect(sizes.get(n)).toBe(200);
      next = Math.max(...sizes.keys()) + 1;
      await store.close();
    }
    expect(next).toBeGreaterThan(60);
  });

  it('refuses a store of a newer version, and leaves it as it was', async () => {
    const path = fresh();
    const store = new LmdbStore({ path });
    await put(store, { a: '1' });
    await store.close();
    const { open } = await import('lmdb');
    const raw = open({ path, ...CLIENT_OPTIONS });
    await raw.put(Buffer.from('mmeta/version'), Buffer.from('2'));
    await raw.close();
    const newer = new LmdbStore({ path });
    expect(await failure(() => newer.get('a'))).toMatchObject({ code: 'STORE_NEWER', path });
    await newer.close();
  });

  it.each([
    ['random bytes', (file: string) => writeFileSync(file, Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 251)))],
    ['another file', (file: string) => writeFileSync(file, 'a text file, not a store')],
    ['a file cut inside its first page', (file: string) => truncateSync(file, 100)],
    ['a file cut after its first pages', (file: string) => truncateSync(file, 8192)],
    ['a file cut in the middle', (file: string) => truncateSync(file, 400_000)],
    [
      'pages overwritten',
      (file: string) => {
        const data = readFileSync(file);
        data.fill(0x5a, 8192);
        writeFileSync(file, data);
      },
    ],
  ])('names the path of an unreadable store: %s', async (_, damage) => {
    const path = await filled();
    damage(join(path, 'data.mdb'));
    const store = new LmdbStore({ path });
    expect(await failure(() => store.get('k/1'))).toMatchObject({ code: 'STORE_UNREADABLE', path });
    await store.close();
  });

  it('opens a healthy store whose last pages were never written', async () => {
    const path = await filled();
    const file = join(path, 'data.mdb');
    const data = readFileSync(file);
    // What the newest meta page says of the last page in use: one more than the file holds, as freed pages leave it.
    const newest = data.readBigUInt64LE(152) > data.readBigUInt64LE(4096 + 152) ? 0 : 4096;
    data.writeBigUInt64LE(BigInt(data.length / 4096), newest + 144);
    writeFileSync(file, data);
    const store = new LmdbStore({ path });
    expect(text(await store.get('k/1'))).toBe('x'.repeat(500));
    await store.close();
  });

  it('says that the path is a file, or cannot be made', async () => {
    const file = fresh();
    writeFileSync(file, '');
    expect(await failure(() => new LmdbStore({ path: file }).get('a'))).toMatchObject({ code: 'STORE_UNREADABLE', path: file });
    const below = join(file, 'store');
    const error = await failure(() => new LmdbStore({ path: below }).get('a'));
    expect(error).toMatchObject({ code: 'STORE_UNREADABLE', path: below, remedy: 'Name a directory that this user may write to.' });
    const store = new LmdbStore({ path: join(root, 'later') });
    writeFileSync(join(root, 'later'), '');
    await failure(() => store.get('a'));
    rmSync(join(root, 'later'));
    // The next call tries again.
    expect(await store.get('a')).toBeUndefined();
    await store.close();
  });

  it('reports a full disk, keeps what was stored, and takes no part of the batch that failed', async () => {
    const path = fresh();
    mkdirSync(path);
    const script = fileURLToPath(new URL('child-fill.ts', import.meta.url));
    // A limit on the size of a file stands for the disk: 2 MB.
    const node = [process.execPath, '--conditions=source', '--import', import.meta.resolve('tsx'), script, path];
    const child = spawn('bash', ['-c', 'ulimit -f 2048; exec "$@"', 'bash', ...node], { stdio: ['ignore', 'pipe', 'ignore'] });
    const { code, output } = await ended(child);
    expect(code).toBe(0);
    const result = JSON.parse(output) as { auspex: boolean; code: string; stored: number; entries: number };
    expect(result).toMatchObject({ auspex: true, code: 'STORE_WRITE_FAILED' });
    expect(result.stored).toBeGreaterThan(20);
    expect(result.entries).toBe(3 * result.stored);
    const store = new LmdbStore({ path });
    expect((await list(store, '')).length).toBe(result.entries);
    await store.close();
  });
});
