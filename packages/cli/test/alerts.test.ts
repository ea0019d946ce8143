import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { type Alert, defineAlertSink, defineDetector } from '@auspex/contracts';
import { createEngine, use } from '@auspex/core';
import { catalogue, lmdb, preset } from '@auspex/preset';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { auspex, folder, type Ran, twelveMinutes, write, yamlConfig } from './tools.ts';

const MINUTE = 60_000;
const at = (cwd: string, ...args: string[]): Promise<Ran> => auspex(cwd, [...args, '--config', 'config.yaml']);

/** Everything is anomalous from the third minute on. */
const always = defineDetector({
  id: 'always',
  summary: 'test',
  config: z.strictObject({}),
  create: () => ({
    begin: ({ name, pop }) => ({ name, pop, steps: 0 }),
    detect: (state: { name: string; pop: string; steps: number }, { step }) => {
      const score = ++state.steps > 2 ? 0.99999 : 0;
      return { group: state.name, pop: state.pop, step, score, cause: 'as asked for' };
    },
    encode: (state) => new TextEncoder().encode(JSON.stringify(state)),
    decode: (bytes) => JSON.parse(new TextDecoder().decode(bytes)),
  }),
});

/** Runs twelve minutes over the store of the folder; between two of them another process may write to it. */
async function beside(cwd: string, acts: Readonly<Record<number, () => Promise<unknown>>>, refuse = false): Promise<Alert[]> {
  const { clock, source } = twelveMinutes((at) => [{ at, kind: 'request', group: '/a', pop: 'p', outcome: 'served', count: 60 }], acts);
  const received: Alert[] = [];
  const sink = defineAlertSink({
    id: 'receiver',
    summary: 'test',
    config: z.strictObject({}),
    create: () => ({
      send: async (alerts) => {
        if (refuse) throw new Error('gone');
        received.push(...alerts);
      },
    }),
  });
  const config = preset({
    lateness: '0s',
    sources: [use(source)],
    store: use(lmdb, { path: path.join(cwd, 'store') }),
    pools: [{ id: 'web', unitRate: 1, leadTime: '1m' }],
    detectors: [{ ...use(always), for: 'pools' as const }],
    alerts: { sinks: [use(sink)], rules: { notice: { severity: 'off' } } },
  });
  const engine = createEngine(config, { mode: 'shadow', catalogue, host: { clock } });
  await engine.start();
  await engine.run();
  await engine.close();
  return received;
}

function project(more = ''): string {
  const cwd = folder();
  write(cwd, 'config.yaml', yamlConfig(cwd) + more);
  return cwd;
}

describe('auspex alerts', () => {
  it('shows what is firing and what waits, the loudest first', async () => {
    const cwd = project();
    expect(await at(cwd, 'alerts')).toMatchObject({ code: 0, out: 'nothing is firing\n' });
    await beside(cwd, {}, true);
    const { out } = await at(cwd, 'alerts');
    const plain = out.replaceAll(/\s+/g, ' ');
    expect(plain).toMatch(/^warning anomaly: web: as asked for \(1 step in 100,000\) \(since .* UTC, .*; told .* UTC\) waits/);
    expect(plain).toMatch(/waits 1 for receiver, the oldest of .* UTC; why: auspex alerts --test/);
    const { causes, waiting } = JSON.parse((await at(cwd, 'alerts', '--json')).out);
    expect(causes).toEqual([expect.objectContaining({ rule: 'anomaly', firing: true, labels: expect.objectContaining({ pool: 'web' }) })]);
    expect(waiting.receiver).toHaveLength(1);
  });

  it('are silent by an order, until it ends', async () => {
    const cwd = project();
    let id = '';
    const received = await beside(cwd, {
      1: async () => {
        const set = await at(cwd, 'silence', 'rule=anom*', 'pool=web', '--for', '2h', '--reason', 'load test', '--by', 'anna');
        id = set.out.slice(0, 6);
        expect((await at(cwd, 'alerts')).out).toContain(`silent   ${id} rule=anom* pool=web until `);
      },
      8: () => at(cwd, 'unsilence', id),
    });
    const first = Math.min(...received.map(({ startsAt }) => startsAt));
    expect(received.map(({ status }) => status)).toEqual(['firing']);
    expect(((received[0] as Alert).step - first) / MINUTE).toBeGreaterThanOrEqual(4);
    expect((await at(cwd, 'alerts')).out).not.toContain('silent');
  });

  it('refuse a silence of everything, without end, and one that is not there', async () => {
    const cwd = project();
    const silence = (...args: string[]) => at(cwd, 'silence', ...args, '--reason', 'x');
    expect(await silence('web', '--for', '1h')).toMatchObject({ code: 2, err: expect.stringContaining('"web" is none') });
    expect(await silence('pool=web', '--for', '30d')).toMatchObject({ err: expect.stringContaining('at most 7d') });
    expect(await silence('pool=web', '--for', 'soon')).toMatchObject({ code: 2 });
    expect(await at(cwd, 'unsilence', 'abcdef')).toMatchObject({ code: 2, err: expect.stringContaining('there is no silence "abcdef"') });
  });

  it('--test tells every sink of a test and of its end, and which did not take it', async () => {
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        bodies.push(body);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    afterAll(() => server.close());
    const { port } = server.address() as AddressInfo;
    const sinks = (url: string, other: string) =>
      `alerts:\n  sinks:\n    - use: alertmanager\n      with: { urls: ['${url}'] }\n    - use: alertmanager\n      name: other\n      with: { urls: ['${other}'] }\n`;
    const right = project(sinks(`http://127.0.0.1:${port}`, `http://127.0.0.1:${port}`));
    expect(await at(right, 'alerts', '--test')).toMatchObject({ code: 0, out: 'ok      alertmanager\nok      other\n' });
    expect(bodies).toHaveLength(4);
    expect(bodies[0]).toContain('A test of Auspex');
    const wrong = project(sinks(`http://127.0.0.1:${port}`, 'http://127.0.0.1:9'));
    const ran = await at(wrong, 'alerts', '--test');
    expect(ran.code).toBe(1);
    expect(ran.out).toMatch(/^ok {6}alertmanager\nfailed {2}other: /);
    expect(await at(project('alerts: { sinks: [] }\n'), 'alerts', '--test')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no alert sink is configured'),
    });
  });

  it('silence says how many of the causes that last it covers, and refuses a label that no alert has', async () => {
    const cwd = project();
    const silence = (...labels: string[]) => at(cwd, 'silence', ...labels, '--for', '1h', '--reason', 'x');
    expect((await silence('pool=web')).out).toMatch(/\nno cause lasts now\n$/);
    await beside(cwd, {}, true);
    expect((await silence('rule=anomaly', 'pool=w*')).out).toMatch(/^\w{6}: silent until .*\ncovers 1 of 1 cause that lasts now\n$/);
    expect((await silence('pool=wbe')).out).toContain(
      'covers none of the 1 cause that lasts now; the labels are in auspex alerts --json\n',
    );
    expect(JSON.parse((await silence('pool=web', '--json')).out)).toMatchObject({ match: { pool: 'web' }, covers: 1, causes: 1 });
    expect(await silence('pol=web')).toMatchObject({ code: 2, err: expect.stringContaining('did you mean "pool"?') });
    expect(await silence('rule=*')).toMatchObject({ code: 2, err: expect.stringContaining('would cover everything') });
  });
});
