import path from 'node:path';
import type { Store } from '@auspex/contracts';
import { pack } from '@auspex/numerics';
import { lmdb } from '@auspex/preset';
import { describe, expect, it } from 'vitest';
import { auspex, folder, logText, type Ran, write, yamlConfig } from './tools.ts';

/** A folder with a config and a store that has learnt an hour of three groups and eight users. */
async function project(): Promise<string> {
  const cwd = folder();
  write(cwd, 'config.yaml', yamlConfig(cwd).replace('rule: { pathPrefix: 1 } } }', 'rule: { pathPrefix: 1 } } }, { use: session }'));
  write(cwd, 'access.log', logText(3600));
  const ran = await auspex(cwd, ['run', '--config', 'config.yaml', '--decide', 'all']);
  expect(ran.code).toBe(0);
  return cwd;
}

async function withStore<T>(cwd: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = lmdb.create({ path: path.join(cwd, 'store') }, {} as never);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Keys in whose name or value a text stands. */
function holding(cwd: string, text: string): Promise<string[]> {
  return withStore(cwd, async (store) => {
    const found: string[] = [];
    for await (const [key, value] of store.scan(''))
      if (decodeURIComponent(key).includes(text) || Buffer.from(value).includes(text)) found.push(key);
    return found;
  });
}

const forget = (cwd: string, ...args: string[]): Promise<Ran> => auspex(cwd, ['forget', ...args, '--config', 'config.yaml']);

describe('forget group', () => {
  it('counts, erases, and says what it cannot', async () => {
    const cwd = await project();
    const before = await holding(cwd, '/p1');
    expect(before.length).toBeGreaterThan(60);
    const dry = await forget(cwd, 'group', '/p1', '--dry-run');
    expect(dry).toMatchObject({ code: 0, err: '' });
    expect(dry.out).toMatch(/^group \/p1 {2}would be forgotten \(dry run: nothing was written\)\n/);
    expect(await holding(cwd, '/p1')).toEqual(before);
    const ran = await forget(cwd, 'group', '/p1');
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(
      /^group \/p1 {2}forgotten\n {2}erased {2}60 records of closed usage\n {2}erased {2}1 profile\n {2}erased {2}1 series\n/,
    );
    // The group is named by its path, and what is asked for at a pool is what its detectors know.
    expect(ran.out).toMatch(
      /\n {2}erased {2}\d+ journal lines\n {2}left {4}detect\/pool%3Aweb: holds the name in a form of its own\n {2}note {4}pools, weights/,
    );
    expect(await holding(cwd, '/p1')).toEqual(['detect/pool%3Aweb']);
    expect((await auspex(cwd, ['profile', '--config', 'config.yaml'])).out).not.toContain('/p1');
    const explained = await auspex(cwd, ['explain', '--config', 'config.yaml', '--at', '2026-01-05T00:30Z', '--json']);
    expect(explained.out).toContain('(forgotten)');
    const again = await forget(cwd, 'group', '/p1');
    expect(again.code).toBe(2);
    expect(again.err).toContain('nothing was found of a group "/p1"; did you mean "/p0"?');
    expect((await auspex(cwd, ['run', '--config', 'config.yaml'])).code).toBe(0);
  });

  it('that is not known names one that is', async () => {
    const cwd = await project();
    const ran = await forget(cwd, 'group', '/p9');
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toMatch(/^error NOTHING_TO_EXPLAIN: nothing was found of a group "\/p9"; did you mean "\/p\d"\?\n/);
    expect((await forget(cwd, 'group', 'something else')).err).toContain('nothing was found of a group "something else"\n');
  });
});

describe('forget user', () => {
  it('takes the user out of counts and sessions', async () => {
    const cwd = await project();
    const ran = await forget(cwd, 'user', '10.0.0.3', '--json');
    expect(ran).toMatchObject({ code: 0, err: '' });
    const report = JSON.parse(ran.out);
    expect(report).toMatchObject({ what: { user: '10.0.0.3' }, dryRun: false, scopes: 1 });
    expect(report.left).toEqual([{ what: 'states of detectors', why: expect.stringContaining('users of today') }]);
    expect(report.erased).toMatchObject({ profiles: 3, enricherStates: 1, series: 0, journalLines: 0 });
    expect(report.erased.closedUsage).toBeGreaterThan(20);
    const again = await forget(cwd, 'user', '10.0.0.3');
    expect(again.code).toBe(0);
    expect(again.out).toMatch(
      /^user 10\.0\.0\.3 {2}nothing was found\n {2}left {4}states of detectors: [^~]*\n {2}note {4}hashes of users of days before 20\d\d-\d\d-\d\d/,
    );
  });

  it('who was never there says so', async () => {
    const cwd = await project();
    expect(await forget(cwd, 'user', 'nobody')).toMatchObject({
      code: 0,
      out: expect.stringContaining('user nobody  nothing was found\n'),
    });
    const group = await forget(cwd, 'user', '/p2');
    expect(group.out).toContain('\n  left    group "/p2": is a group: forget it as one\n');
  });
});

describe('forget', () => {
  it('beside a running engine tells whose the store is, and what to do', async () => {
    const cwd = await project();
    const lease = pack({ owner: 'elsewhere:12:ab', epoch: 9, expires: Date.now() + 60_000 });
    await withStore(cwd, (store) => store.batch([{ type: 'put', key: 'lease/allocator', value: lease }]));
    const ran = await forget(cwd, 'group', '/p1');
    expect(ran).toMatchObject({ code: 5, out: '' });
    expect(ran.err).toContain('STORE_LOCKED');
    expect(ran.err).toContain('elsewhere:12:ab');
    expect(ran.err).toContain('Stop it first');
    expect((await forget(cwd, 'group', '/p1', '--dry-run')).code).toBe(0);
  });

  it('is told whom to forget', async () => {
    const cwd = folder();
    write(cwd, 'config.yaml', yamlConfig(cwd));
    expect(await forget(cwd, 'pool', 'web')).toMatchObject({ code: 2, err: expect.stringContaining('"pool" is none of user, group') });
    expect(await forget(cwd, 'user')).toMatchObject({ code: 2 });
    write(cwd, 'config.yaml', yamlConfig(cwd).replace(/^store: .*$/m, 'store: { use: memory }'));
    expect(await forget(cwd, 'user', 'ann')).toMatchObject({ code: 2, err: expect.stringContaining('keeps nothing beyond its process') });
  });
});
