import { appendFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Store } from '@auspex/contracts';
import { lmdb } from '@auspex/preset';
import { describe, expect, it } from 'vitest';
import { auspex, folder, logText, type Ran, write, yamlConfig } from './tools.ts';

const RUN = ['run', '--config', 'config.yaml', '--decide', 'all'] as const;

/** A folder with a config and a log of an hour. */
function project(seconds = 3600): string {
  const cwd = folder();
  write(cwd, 'config.yaml', yamlConfig(cwd));
  write(cwd, 'access.log', logText(seconds));
  return cwd;
}

/** The store of a project, as another process would open it. */
async function withStore<T>(cwd: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = lmdb.create({ path: path.join(cwd, 'store') }, {} as never);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Overwrites every value below a prefix with bytes that are none of ours. */
function spoil(cwd: string, prefix: string): Promise<number> {
  return withStore(cwd, async (store) => {
    const keys: string[] = [];
    for await (const [key] of store.scan(prefix)) keys.push(key);
    await store.batch(keys.map((key) => ({ type: 'put', key, value: new Uint8Array([0xc1, 0xff, 0x00]) })));
    return keys.length;
  });
}

const config = (name: string, ...more: string[]): string[] => [name, '--config', 'config.yaml', ...more];
const lines = ({ out }: Ran): string[] => out.trimEnd().split('\n');

describe('run, then explain, journal and profile', () => {
  it('decides, keeps and tells', async () => {
    const cwd = project();
    const ran = await auspex(cwd, [...RUN, '--json']);
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.out)).toMatchObject({ events: 1200, steps: 60, decisions: 60, groups: 3, metrics: { auspex_steps_total: 60 } });
    const explained = await auspex(cwd, config('explain', '--at', '2026-01-05T00:30Z'));
    expect(explained.out).toMatch(/^web {2}2026-01-05 00:30 UTC {2}.* {2}\(shadow: nothing was ordered\)\n {2}seen +0\.333\/s/);
    expect(explained.out).toMatch(/\n {2}trail +\d+ {2}allocate\(quantile\) /);
    expect(lines(await auspex(cwd, config('journal', '--type', 'decision')))).toHaveLength(60);
    const later = lines(await auspex(cwd, config('journal', '--type', 'decision', '--from', '2026-01-05 00:50')));
    expect(later).toHaveLength(11);
    expect(JSON.parse(later[0] as string)).toMatchObject({ type: 'decision', decision: { pool: 'web' } });
    expect((await auspex(cwd, config('profile'))).out).toMatch(/\/p0 +6\.\d+/);
    const wrong = await auspex(cwd, config('explain', '--pool', 'api'));
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('no decision of a pool "api"; the journal holds web from') });
  });

  it('without --decide all learns the past and says why nothing was decided', async () => {
    const cwd = project();
    const first = await auspex(cwd, config('run'));
    expect(first.err).toContain('all steps lie in the past, so none was decided');
    const again = await auspex(cwd, [...RUN]);
    expect(again.err).toContain('closed ones are not decided again');
    expect(again.code).toBe(0);
  });

  it('goes on where it stopped', async () => {
    const cwd = project(1800);
    await auspex(cwd, [...RUN]);
    appendFileSync(path.join(cwd, 'access.log'), logText(3600).slice(logText(1800).length));
    const ran = await auspex(cwd, [...RUN, '--json']);
    expect(JSON.parse(ran.out)).toMatchObject({ events: 1200, steps: 30 });
  });

  it('has nothing to tell of an empty store', async () => {
    const cwd = project();
    expect(await auspex(cwd, config('explain'))).toMatchObject({ code: 2, err: expect.stringContaining('holds no decision yet') });
    expect(await auspex(cwd, config('profile'))).toMatchObject({ code: 2, err: expect.stringContaining('no group is known yet') });
    expect(await auspex(cwd, config('journal'))).toMatchObject({ code: 0, out: '', err: expect.stringContaining('no such line') });
  });
});

describe('a store', () => {
  it.each([['profile/'], ['series/'], ['engine/checkpoint'], ['engine/snapshot']])(
    'with unreadable %s: run starts anyway and says so',
    async (prefix) => {
      const cwd = project(1800);
      await auspex(cwd, [...RUN]);
      expect(await spoil(cwd, prefix)).toBeGreaterThan(0);
      appendFileSync(path.join(cwd, 'access.log'), logText(3600).slice(logText(1800).length));
      const ran = await auspex(cwd, [...RUN]);
      expect(ran.code).toBe(0);
      expect(ran.err).toContain('could not be read');
      expect(ran.err).toContain('the sources have ended');
    },
  );

  it('of a newer version is refused', async () => {
    const cwd = project(600);
    await auspex(cwd, [...RUN]);
    // The version lies beside the data: only LMDB itself reaches it.
    const stores = createRequire(new URL('../../stores/package.json', import.meta.url));
    const { open } = stores('lmdb') as { open: (options: object) => { putSync(key: Buffer, value: Buffer): void; close(): Promise<void> } };
    const db = open({ path: path.join(cwd, 'store'), noSubdir: false, encoding: 'binary', keyEncoding: 'binary' });
    db.putSync(Buffer.from('mmeta/version'), Buffer.from('99'));
    await db.close();
    for (const name of ['run', 'explain', 'profile', 'journal']) {
      const ran = await auspex(cwd, config(name));
      expect(ran.err).toContain('STORE_NEWER: store: the store has format 99');
      expect(ran.code).toBe(5);
    }
  });

  it('that a file stands in for is refused', async () => {
    const cwd = project(600);
    write(cwd, 'store', 'no folder');
    expect(await auspex(cwd, [...RUN])).toMatchObject({ code: 5, err: expect.stringContaining('STORE_UNREADABLE') });
  });

  it('in memory has nothing to explain', async () => {
    const cwd = project(600);
    write(cwd, 'config.yaml', yamlConfig(cwd).replace(/^store: .*$/m, 'store: { use: memory }'));
    expect(await auspex(cwd, config('explain'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('keeps nothing beyond its process'),
    });
  });
});
