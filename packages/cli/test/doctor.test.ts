import { chmodSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import path from 'node:path';
import type { Store } from '@auspex/contracts';
import { pack } from '@auspex/numerics';
import { lmdb } from '@auspex/preset';
import { expect, it } from 'vitest';
import { auspex, folder, logText, type Ran, write, yamlConfig } from './tools.ts';

interface Check {
  readonly check: string;
  readonly status: string;
  readonly code?: string;
  readonly seen: string;
  readonly remedy?: string;
  readonly ms: number;
}

/** A folder with a config and a log. */
function project(config = (text: string): string => text): string {
  const cwd = folder();
  write(cwd, 'access.log', logText(600));
  write(cwd, 'auspex.config.yaml', config(yamlConfig(cwd)));
  return cwd;
}

async function doctor(
  cwd: string,
): Promise<{ code: number; ok: boolean; checks: readonly Check[]; of: (check: string) => Check | undefined }> {
  const { code, out } = await auspex(cwd, ['doctor', '--json']);
  const { ok, checks } = JSON.parse(out) as { ok: boolean; checks: Check[] };
  return { code, ok, checks, of: (check) => checks.find((each) => each.check === check) };
}

async function withStore<T>(cwd: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = lmdb.create({ path: path.join(cwd, 'store') }, {} as never);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function keys(store: Store): Promise<string[]> {
  const found: string[] = [];
  for await (const [key] of store.scan('')) found.push(key);
  return found;
}

function listening(): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1', () => resolve(server));
  });
}

const failedIn = ({ checks }: { checks: readonly Check[] }): string[] =>
  checks.filter(({ status }) => status === 'failed').map(({ check }) => check);

it('finds nothing where there is nothing, in a line a check, and ends with 0', async () => {
  const cwd = project();
  const { code, out, err }: Ran = await auspex(cwd, ['doctor']);
  expect(err).toBe('');
  expect(code).toBe(0);
  const rows = out.trimEnd().split('\n');
  expect(rows.slice(0, -1).map((row) => row.split(/ {2,}/).slice(0, 2).join(' '))).toEqual([
    'ok node',
    'ok config',
    'ok store.disk',
    'ok store',
    'ok store.write',
    'ok store.lease',
    'ok sources[0](access-log)',
    'ok targets',
    'ok alerts.sinks[0](log)',
  ]);
  expect(rows.at(-1)).toBe('9 ok, 0 failed');
  expect(out).toMatch(/ms {2}auspex\.config\.yaml: 1 source, 1 pool, store lmdb\n/);
  expect(out).toMatch(/ms {2}store may be written to, [\d.]+ GiB free\n/);
  expect(out).toMatch(/ms {2}200 events at once, from 2026-01-05 00:00 UTC on\n/);
  // What a column begins at, it begins at in each line.
  expect(new Set(rows.slice(0, -1).map((row) => row.indexOf(' ms  '))).size).toBe(1);
});

it('leaves nothing behind in the store, and no position', async () => {
  const cwd = project();
  expect((await auspex(cwd, ['doctor'])).code).toBe(0);
  expect(await withStore(cwd, keys)).toEqual([]);
});

it('tells every problem of the config at once, and does not look further', async () => {
  const cwd = project((text) => text.replace('leadTime: 1m', 'leadTme: 1m').replace('follow: false', 'folow: false'));
  const verdict = await doctor(cwd);
  expect(verdict.code).toBe(1);
  expect(verdict.of('config')).toMatchObject({ status: 'failed', code: 'CONFIG_INVALID' });
  expect(verdict.of('config')?.seen).toContain('leadTme');
  expect(verdict.of('config')?.seen).toContain('folow');
  expect(verdict.of('store')).toEqual({ check: 'store', status: 'not-checked', seen: 'the config is wrong', ms: 0 });
  const { out } = await auspex(cwd, ['doctor']);
  expect(out).toContain('\n             → Correct the keys named above');
  expect(out).toMatch(/1 ok, 1 failed, 5 not checked\n$/);
});

it('says that there is no config', async () => {
  const verdict = await doctor(folder());
  expect(verdict).toMatchObject({ code: 1, ok: false });
  expect(verdict.of('config')).toMatchObject({ status: 'failed', code: 'CONFIG_NOT_FOUND' });
});

it('goes on after a failure: the source is looked at though the store is a file', async () => {
  const cwd = project();
  write(cwd, 'store', 'no folder');
  const verdict = await doctor(cwd);
  expect(failedIn(verdict)).toEqual(['store']);
  expect(verdict.of('store')).toMatchObject({ code: 'STORE_UNREADABLE', remedy: 'Name a directory that this user may write to.' });
  expect(verdict.of('store.write')).toMatchObject({ status: 'not-checked' });
  expect(verdict.of('sources[0](access-log)')).toMatchObject({ status: 'ok' });
});

it('warns of a lease that is held, of one from the future, and not of one that a dead process left', async () => {
  const cwd = project();
  const hold = (owner: string, expires: number, key = 'lease/allocator'): Promise<void> =>
    withStore(cwd, (store) => store.batch([{ type: 'put', key, value: pack({ owner, epoch: 1, expires }) }]));
  await hold('elsewhere:17:abcd', Date.now() + 20_000);
  const held = await doctor(cwd);
  expect(held).toMatchObject({ code: 0, ok: true });
  expect(held.of('store.lease')).toMatchObject({ status: 'warning', code: 'STORE_LOCKED' });
  expect(held.of('store.lease')?.seen).toMatch(/^elsewhere:17 holds it until .*: an engine runs$/);
  await hold('elsewhere:17:abcd', Date.now() + 600_000);
  expect((await doctor(cwd)).of('store.lease')?.seen).toMatch(/9\.\d min later than is possible: the clocks of the two hosts differ/);
  for (const [owner, left] of [
    ['elsewhere:17:abcd', -1],
    [`${hostname()}:999999999:abcd`, 20_000],
  ] as const) {
    await hold(owner, Date.now() + left);
    expect((await doctor(cwd)).of('store.lease')).toMatchObject({ status: 'ok', seen: 'nobody holds it' });
  }
  for (const [shard, expires] of [
    ['0', 20_000],
    ['1', -1],
    ['10', 20_000],
  ] as const)
    await hold('elsewhere:18:abcd', Date.now() + expires, `shard/${shard}/lease/allocator`);
  expect((await doctor(cwd)).of('store.lease')).toMatchObject({ status: 'ok', seen: 'elsewhere:18 holds 2 of 3 shards: engines run' });
  await withStore(cwd, (store) => store.batch([{ type: 'put', key: 'lease/allocator', value: new Uint8Array([0xc1, 0xff]) }]));
  expect((await doctor(cwd)).of('store.lease')).toMatchObject({ status: 'failed', code: 'STORE_UNREADABLE' });
});

it('looks at each file, and tells what cannot be read in one', async () => {
  const cwd = project((text) => text.replace("access.log']", `access.log', 'absent.log']`));
  expect((await doctor(cwd)).of('sources[0](access-log)')).toMatchObject({
    status: 'failed',
    code: 'SOURCE_NOT_FOUND',
    seen: 'absent.log: there is no such file',
  });
  const mixed = project();
  write(mixed, 'access.log', `nonsense\n${logText(600)}`);
  const found = (await doctor(mixed)).of('sources[0](access-log)');
  expect(found).toMatchObject({ status: 'warning' });
  expect(found?.seen).toMatch(/; 1 record could not be read, the first at .*access\.log:1: /);
  const none = project();
  write(none, 'access.log', 'nonsense\n'.repeat(100));
  expect((await doctor(none)).of('sources[0](access-log)')).toMatchObject({ status: 'failed', code: 'SOURCE_NO_VALID_RECORD' });
});

it.skipIf(process.getuid?.() === 0)('says that a directory may not be written to', async () => {
  const cwd = project();
  chmodSync(cwd, 0o500);
  try {
    expect((await doctor(cwd)).of('store.disk')).toMatchObject({ status: 'failed', code: 'STORE_REFUSED' });
  } finally {
    chmodSync(cwd, 0o700);
  }
});

it('listens where the source would, without taking an event, and does not open what can be read only once', async () => {
  const server = await listening();
  const { port } = server.address() as { port: number };
  const at = (source: string): string => project((text) => text.replace(/^sources: .*$/m, `sources: [${source}]`));
  expect((await doctor(at(`{ use: http, with: { port: 0 } }`))).of('sources[0](http)')).toMatchObject({ status: 'ok' });
  const taken = await doctor(at(`{ use: http, with: { port: ${port} } }`));
  expect(taken.of('package fastify')).toMatchObject({ status: 'ok' });
  expect(taken.of('sources[0](http)')).toMatchObject({ status: 'failed', code: 'SOURCE_FAILED' });
  expect(taken.of('sources[0](http)')?.seen).toContain('the port is taken');
  const tokenless = await doctor(at(`{ use: http, with: { port: 0, tokenEnv: AUSPEX_TEST_NO_TOKEN } }`));
  expect(tokenless.of('sources[0](http)')).toMatchObject({ status: 'failed', code: 'CONFIG_INVALID' });
  const once = await doctor(at(`{ use: ndjson-stdin, with: {} }`));
  expect(once.of('sources[0](ndjson-stdin)')).toMatchObject({ status: 'not-checked' });
  expect(once.ok).toBe(true);
  server.close();
});

it('says of a Prometheus that does not answer, and of one that refuses, what to do', async () => {
  const at = (url: string): string =>
    project((text) => text.replace(/^sources: .*$/m, `sources: [{ use: prometheus, with: { url: '${url}', query: up } }]`));
  const found = (await doctor(at('http://127.0.0.1:1'))).of('sources[0](prometheus)');
  expect(found).toMatchObject({ status: 'failed', code: 'SOURCE_UNREACHABLE', remedy: expect.stringContaining('Check url') });
});

it('bounds every check, and goes on', async () => {
  const silent = await listening();
  const { port } = silent.address() as { port: number };
  const cwd = project((text) =>
    text.replace(/^store: .*$/m, `store: { use: mongo, with: { url: 'mongodb://127.0.0.1:${port}/', timeout: 60s } }`),
  );
  const verdict = await doctor(cwd);
  const store = verdict.of('store');
  expect(store).toMatchObject({ status: 'failed', code: 'STORE_UNREACHABLE' });
  expect(store?.ms).toBeLessThan(15_500);
  expect(verdict.of('sources[0](access-log)')).toMatchObject({ status: 'ok' });
  silent.close();
}, 40_000);

it('warns of a floor that live mode refuses', async () => {
  const worker = `actuator: { use: process, with: { leases: '${folder()}', pools: { web: { command: ['true'] } } } }`;
  const of = async (control: string) =>
    (await doctor(project((text) => text.replace('leadTime: 1m }', `leadTime: 1m, ${control}${worker} }`)))).of(
      'pools[0].actuator(process)',
    );
  expect(await of('')).toMatchObject({ status: 'warning', seen: expect.stringContaining('shadow only: it has no lease') });
  expect(await of('control: full, ')).toMatchObject({ status: 'ok' });
});

it('reads targets back and orders nothing', async () => {
  const cwd = project((text) => text.replace('leadTime: 1m }', 'leadTime: 1m, actuator: { use: simulated } }'));
  const verdict = await doctor(cwd);
  const found = verdict.of('pools[0].actuator(simulated)');
  expect(found?.seen).toMatch(/^pool web: \d+ units? ordered, \d+ ready$|there is no fleet/);
});

it('makes every alert sink, and says of each that cannot be made what to do', async () => {
  const sinks = `alerts:
  sinks:
    - { use: log }
    - { use: webhook, with: { url: 'https://hooks.internal/auspex', secretEnv: AUSPEX_TEST_NONE } }
    - { use: pagerduty, with: { routingKeyEnv: AUSPEX_TEST_NONE } }
    - { use: slack, with: { urlEnv: AUSPEX_TEST_NONE } }
    - { use: alertmanager, with: { urls: ['http://127.0.0.1:9'], holdsFor: 1h } }
`;
  const verdict = await doctor(project((text) => text + sinks));
  expect(verdict.code).toBe(1);
  expect(verdict.of('alerts.sinks[0](log)')).toMatchObject({ status: 'ok', seen: expect.stringContaining('auspex alerts --test') });
  expect(failedIn(verdict)).toEqual(['alerts.sinks[1](webhook)', 'alerts.sinks[2](pagerduty)', 'alerts.sinks[3](slack)']);
  expect(verdict.of('alerts.sinks[2](pagerduty)')).toMatchObject({
    code: 'CONFIG_INVALID',
    seen: expect.stringContaining('the environment variable AUSPEX_TEST_NONE is empty'),
    remedy: 'Set AUSPEX_TEST_NONE where Auspex is started.',
  });
  // Told again once an hour, and over in Alertmanager after an hour.
  expect(verdict.of('alerts.sinks[4](alertmanager)')).toMatchObject({ status: 'warning', seen: expect.stringContaining('after 1h') });
  const none = await doctor(project((text) => `${text}alerts: { sinks: [] }\n`));
  expect(none.of('alerts.sinks')).toMatchObject({ status: 'ok', seen: 'no alert sink: nobody is told of anything' });
});

it('warns of rules that can never fire', async () => {
  const rules = 'alerts: { rules: { n5: { when: surge, pools: [nosuch] } } }\n';
  const verdict = await doctor(project((text) => text + rules));
  expect(verdict.code).toBe(0);
  expect(verdict.of('alerts.rules.n5.pools')).toMatchObject({
    status: 'warning',
    seen: 'rule n5 can never fire: no pool is called nosuch; there are: web',
  });
});
