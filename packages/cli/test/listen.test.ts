import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { listen } from '../src/listen.ts';
import { main } from '../src/main.ts';
import { Readiness } from '../src/readiness.ts';
import { auspex, folder, logText, until, write, yamlConfig } from './tools.ts';

const MINUTE = 60_000;

/** A command that goes on, and what it answers over HTTP. */
function background(cwd: string, args: readonly string[]) {
  const abort = new AbortController();
  let err = '';
  const io = { tty: false, color: false, interactive: false, width: 100, cwd, signal: abort.signal };
  const add = (text: string): void => {
    err += text;
  };
  const ended = main(args, { ...io, out: add, err: add });
  const url = async (): Promise<string> => {
    await until(() => err.includes('"listening"'));
    return /"url":"([^"]+)"/.exec(err)?.[1] as string;
  };
  const stop = async (): Promise<number> => {
    abort.abort();
    return ended;
  };
  return { url, stop, said: () => err };
}

const get = async (url: string): Promise<{ status: number; text: string }> => {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
};

describe('auspex run --listen', () => {
  it('is ready once it decides for the present, and tells of every pool', async () => {
    const cwd = folder();
    write(cwd, 'access.log', logText(1800, Math.floor(Date.now() / MINUTE) * MINUTE - 30 * MINUTE));
    const config = yamlConfig(cwd, { follow: true }).replace('id: web,', 'id: web, actuator: { use: simulated, with: { initial: 3 } },');
    write(cwd, 'config.yaml', config);
    const run = background(cwd, ['run', '--config', 'config.yaml', '--listen', '0']);
    const url = await run.url();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await get(`${url}/healthz`)).toEqual({ status: 200, text: 'ok\n' });
    let text = '';
    for (let status = 0; status !== 200; { status, text } = await get(`${url}/readyz`)) {
      if (status !== 0) expect([status, text.replace(/:.*/s, '')]).toEqual([503, expect.stringMatching(/^(starting|catching up)/)]);
    }
    ({ text } = await get(`${url}/metrics`));
    const value = (name: string): number => Number(new RegExp(`^${name}(?:\\{pool="web"\\})? (\\S+)$`, 'm').exec(text)?.[1]);
    expect(value('auspex_pool_units_target')).toBe(3);
    expect(value('auspex_pool_units_ready')).toBe(3);
    expect(value('auspex_pool_units_decided')).toBeGreaterThan(0);
    expect(value('auspex_pool_demand')).toBeCloseTo(1 / 3, 1);
    expect(value('auspex_pool_demand_expected')).toBeGreaterThan(0);
    expect(value('auspex_receipts_refused_total')).toBe(0);
    expect(value('auspex_pool_decided_step_seconds')).toBeGreaterThan(Date.now() / 1000 - 200);
    expect(value('auspex_steps_total')).toBeGreaterThan(25);
    expect((await get(`${url}/else`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
    expect(await run.stop()).toBe(0);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  it('what is refused is counted, and a target that does not answer has no units', async () => {
    const cwd = folder();
    write(
      cwd,
      'sulking.mjs',
      `import { defineActuator } from '@auspex/contracts';
import { z } from 'zod';
export const sulking = defineActuator({
  id: 'sulking', summary: 'A test.', config: z.strictObject({}), capabilities: { lease: 'none' },
  create: () => ({
    actuate: async ({ key, pool }) => ({ key, pool, status: 'refused', units: 0, ready: 0, detail: 'no' }),
    read: async () => { throw new Error('no'); },
  }),
});
`,
    );
    write(cwd, 'access.log', logText(1800, Math.floor(Date.now() / MINUTE) * MINUTE - 30 * MINUTE));
    write(
      cwd,
      'config.yaml',
      yamlConfig(cwd, { follow: true }).replace('id: web,', 'id: web, control: full, actuator: { use: ./sulking.mjs },'),
    );
    const run = background(cwd, ['run', '--config', 'config.yaml', '--listen', '127.0.0.1:0']);
    const url = await run.url();
    while ((await get(`${url}/readyz`)).status !== 200);
    const { text } = await get(`${url}/metrics`);
    expect(text).toMatch(/^auspex_receipts_refused_total\{pool="web"\} [1-9]/m);
    expect(text).toMatch(/^auspex_pool_units_ready\{pool="web"\} nan$/im);
    await run.stop();
  });

  it('refuses what is no address, and one that is taken', async () => {
    const cwd = folder();
    write(cwd, 'config.yaml', yamlConfig(cwd));
    const refused = async (at: string, says: string): Promise<void> => {
      const ran = await auspex(cwd, ['run', '--config', 'config.yaml', '--listen', at]);
      expect([ran.code, ran.err], at).toEqual([2, expect.stringContaining(says)]);
    };
    for (const at of ['', 'here', '1.2.3.4', '::1:80', '127.0.0.1:70000']) await refused(at, 'is no address');
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    await refused(`127.0.0.1:${(other.address() as AddressInfo).port}`, 'cannot listen on');
    other.close();
  });
});

it('listens on another address where one is named', async () => {
  const here = await listen('[::1]:0', () => undefined).catch(() => undefined);
  if (!here) return;
  expect(here.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
  expect((await get(`${here.url}/readyz`)).status).toBe(200);
  await here.close();
});

it('readiness goes by the time of the last decision', () => {
  let now = 1_000_000 * MINUTE;
  const readiness = new Readiness({ step: MINUTE, lateness: 5_000 }, () => now);
  expect(readiness.why()).toBe('starting');
  readiness.enter('running');
  expect(readiness.why()).toBe('catching up: nothing is decided yet');
  readiness.decided(now - 60 * MINUTE);
  expect(readiness.why()).toMatch(/^catching up: the last decision is of .* UTC, 60 min ago$/);
  readiness.decided(now);
  expect(readiness.why()).toBeUndefined();
  now += 3 * MINUTE + 5_000;
  expect(readiness.why()).toBeUndefined();
  now += 1;
  expect(readiness.why()).toMatch(/^stalled: .* ago$/);
  readiness.decided(now);
  expect(readiness.why()).toBeUndefined();
  readiness.enter('stopping');
  expect(readiness.why()).toBe('stopping');
});

describe('auspex keep --listen', () => {
  it('counts what it brought back', async () => {
    const cwd = folder();
    write(
      cwd,
      'shelf.mjs',
      `import { defineActuator } from '@auspex/contracts';
import { z } from 'zod';
let held = 9;
export const shelf = defineActuator({
  id: 'shelf', summary: 'A test.', config: z.strictObject({}), capabilities: { lease: 'keeper' },
  create: () => ({
    actuate: async () => { throw new Error('no order was to be given'); },
    read: async () => ({ units: held, ready: held }),
    restore: async (pool) => {
      if (held === 2) return undefined;
      held = 2;
      return { pool, from: 9, units: 2, expired: 0 };
    },
  }),
});
`,
    );
    write(cwd, 'config.yaml', yamlConfig(path.join(cwd)).replace('id: web,', 'id: web, actuator: { use: ./shelf.mjs },'));
    const keep = background(cwd, ['keep', '--config', 'config.yaml', '--every', '50ms', '--listen', '0']);
    const url = await keep.url();
    await until(() => keep.said().includes('the original is back'));
    expect(await get(`${url}/readyz`)).toEqual({ status: 200, text: 'ok\n' });
    expect((await get(`${url}/metrics`)).text).toContain('auspex_keeper_restored_total{pool="web",plugin="shelf"} 1\n');
    expect(await keep.stop()).toBe(0);
  });

  it('has no use for it where it looks once', async () => {
    const cwd = folder();
    write(cwd, 'config.yaml', yamlConfig(cwd));
    expect((await auspex(cwd, ['keep', '--config', 'config.yaml', '--once', '--listen', '0'])).code).toBe(2);
  });
});
