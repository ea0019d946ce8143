import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { AuspexError, defineSource, type SourceBatch } from '@auspex/contracts';
import { prometheus, prometheusConfig } from '@auspex/sources';
import { fakeContext, ManualClock, runLaws, type SourceSubject } from '@auspex/testkit';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { need } from '../../../test/servers/index.ts';
import { remoteWrite, type Written } from './remote-write.ts';
import { batches, context, file, folder, type Logged, resumesEverywhere } from './tools.ts';

const MINUTE = 60_000;
const OPENSSL = 'openssl';
const QUERY = 'sum by (tenant) (rate(auspex_test_requests_total[1m]))';
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const make = (options: Record<string, unknown>, logged: Logged[] = [], now: () => number = Date.now) =>
  prometheus.create(prometheusConfig.parse(options), context(logged, now));

/** Counters scraped four times a minute, from two hours ago on; minutes 60 to 64 were not scraped, `b` comes in the second hour. */
function counters(start: number): Written[] {
  const samples = (each: number, from: number): [number, number][] =>
    Array.from({ length: 481 }, (_, n): [number, number] => [start + n * 15_000, n * each]).filter(
      ([at]) => at >= from && !(at > start + 60 * MINUTE && at <= start + 65 * MINUTE),
    );
  return [
    { labels: { __name__: 'auspex_test_requests_total', tenant: 'a', code: '200' }, samples: samples(30, start) },
    { labels: { __name__: 'auspex_test_requests_total', tenant: 'a', code: '503' }, samples: samples(2, start) },
    { labels: { __name__: 'auspex_test_requests_total', tenant: 'b', code: '200' }, samples: samples(5, start + 70 * MINUTE) },
  ];
}

let holding: Promise<{ url: string; start: number; end: number; stop(): Promise<void> }> | undefined;
afterAll(async () => (await holding?.catch(() => undefined))?.stop());

/** A real Prometheus that holds the counters: one for all tests that only read. */
function filled(skip: Parameters<typeof need>[1]): Promise<{ url: string; start: number; end: number }> {
  holding ??= (async () => {
    const server = await need('prometheus', skip, { own: true });
    const end = Math.floor(Date.now() / MINUTE) * MINUTE;
    const start = end - 120 * MINUTE;
    await remoteWrite(server.address, counters(start));
    return { url: server.address, start, end, stop: () => server.stop() };
  })();
  return holding;
}

describe('a real Prometheus', () => {
  test('the past is imported: counts, groups, gaps', async (t) => {
    const { url, start, end } = await filled(t);
    const options = { url, query: QUERY, labels: { group: 'tenant' }, history: '3h', lag: '0s', live: false };
    const all = await batches(make(options, [], () => end));
    const events = all.flatMap((batch) => [...batch.events]);
    const of = (group: string, from: number, to: number) =>
      events
        .filter((e) => e.group === group && e.at >= start + from * MINUTE && e.at < start + to * MINUTE)
        .map((e) => Math.round((e.count ?? 0) * 1e6) / 1e6);
    // Four scrapes a minute of 32 requests each.
    expect(of('a', 1, 60)).toEqual(Array(59).fill(128));
    expect(of('b', 0, 70)).toEqual([]);
    expect(of('b', 72, 120)).toEqual(Array(48).fill(20));
    expect(events.every(({ at, kind, outcome }) => (at + 1) % MINUTE === 0 && kind === 'request' && outcome === 'served')).toBe(true);
    const gaps = all.flatMap((batch) => batch.gaps ?? []).map(({ from, to }) => [(from - start) / MINUTE, (to - start) / MINUTE]);
    // Before the first two scrapes there is no rate; minute 60 was scraped once, at its beginning; then nothing until minute 65.
    expect(gaps).toEqual([
      [-60, 0],
      [60, 65],
    ]);
    expect(all.at(-1)).toMatchObject({ end: true, watermark: end });
  });

  test('outcomes by label, counts by increase, resumed at every batch', async (t) => {
    const { url, end } = await filled(t);
    const query = 'sum by (tenant, code) (increase(auspex_test_requests_total[1m]))';
    const options = {
      url,
      query,
      values: 'count',
      labels: { group: 'tenant', outcome: 'code' },
      history: '30m',
      lag: '0s',
      live: false,
      batch: 7,
      points: 11,
    };
    const all = await batches(make(options, [], () => end));
    const step = all.flatMap((batch) => [...batch.events]).filter(({ at }) => at === end - 10 * MINUTE - 1);
    expect(step.map(({ group, outcome, count }) => `${group} ${outcome} ${Math.round(count ?? 0)}`).sort()).toEqual([
      'a served 120',
      'a throttled 8',
      'b served 20',
    ]);
    expect(await resumesEverywhere(() => make(options, [], () => end))).toBeGreaterThan(10);
  });

  test('the laws', async (t) => {
    const { url, end } = await filled(t);
    const subject = (): SourceSubject => ({
      plugin: defineSource({
        ...prometheus,
        create: (options, given) => prometheus.create(options, { ...given, clock: new ManualClock(end) }),
      }),
      with: { url, query: QUERY, labels: { group: 'tenant' }, history: '40m', lag: '0s', batch: 8, points: 13 },
      events: 80,
      down: { url: 'http://127.0.0.1:9', query: QUERY },
    });
    const { results, passed } = await runLaws(subject as never);
    expect(results.filter(({ outcome }) => outcome === 'broken').map(({ law, seen }) => `${law}: ${seen}`)).toEqual([]);
    expect(results.filter(({ outcome }) => outcome === 'skipped').map(({ seen }) => seen)).toEqual([
      'the subject has no input with a broken record',
    ]);
    expect(passed).toBe(true);
  }, 60_000);

  test('what it says is wrong with a query is said', async (t) => {
    const server = await need('prometheus', t, { shared: true });
    const options = { url: server.address, query: 'sum by (tenant (rate(x[1m]))' };
    const error = await failureOf(options);
    expect(error).toMatchObject({ code: 'SOURCE_FAILED', path: server.address });
    expect(error.message).toMatch(/refuses the query \(HTTP 400\): .*parse error/);
    expect((await failureOf({ ...options, query: '"text"' })).message).toMatch(/invalid expression type/);
    // Twelve thousand points: its limit is the reason for points.
    expect(prometheusConfig.safeParse({ ...options, points: 12_000 }).success).toBe(false);
    const many = {
      ...options,
      query: 'label_replace(vector(1), "tenant", "a", "", "") or label_replace(vector(2), "tenant", "b", "", "")',
    };
    expect(await failureOf({ ...many, maxSeries: 1 })).toMatchObject({ code: 'SOURCE_FAILED', path: 'prometheus.query' });
    expect(await failureOf({ ...many, labels: { group: 'customer' } })).toMatchObject({
      code: 'SOURCE_COLUMN_MISSING',
      path: 'prometheus.labels.group',
      message: expect.stringContaining('it has: tenant'),
    });
  });

  test('live: steps come as they end, a target that is down is a gap, a server killed and back loses none of what it kept', async (t) => {
    const exporter = target();
    closing.push(() => exporter.close());
    const config = `global: {scrape_interval: 1s, evaluation_interval: 1s}\nscrape_configs: [{job_name: t, static_configs: [{targets: ['127.0.0.1:${await exporter.port}']}]}]\n`;
    const server = await need('prometheus', t, { own: true, config });
    closing.push(() => server.stop());
    const logged: Logged[] = [];
    const query = 'sum by (tenant) (rate(auspex_test_requests_total[3s]))';
    const source = make({ url: server.address, query, labels: { group: 'tenant' }, step: '1s', lag: '1s', history: '3s' }, logged);
    const stop = new AbortController();
    const seen: SourceBatch[] = [];
    const reading = (async () => {
      for await (const batch of source.open({}, stop.signal)) seen.push(batch);
    })();
    const counted = () => seen.flatMap((batch) => [...batch.events]);
    const gaps = () => seen.flatMap((batch) => batch.gaps ?? []);
    await until(() => counted().length >= 4, 20_000);
    exporter.up = false;
    const before = gaps().length;
    await until(() => gaps().length > before + 1, 20_000);
    exporter.up = true;
    const down = counted().length;
    await until(() => counted().length > down + 2, 20_000);
    await server.kill();
    await until(() => logged.some(({ message }) => message.includes('asking again')), 20_000);
    const positions = seen.length;
    await server.restart();
    await until(() => seen.length > positions + 2, 30_000);
    stop.abort(new Error('stopped'));
    await reading;
    // Every step from the first to the last is an event or a gap, once.
    const steps = seen.flatMap((batch) => [
      ...batch.events.map(({ at }) => at + 1 - 1_000),
      ...(batch.gaps ?? []).flatMap(({ from, to }) => Array.from({ length: (to - from) / 1_000 }, (_, n) => from + n * 1_000)),
    ]);
    const [first, last] = [Math.min(...steps), Math.max(...steps)];
    expect(steps.sort((a, b) => a - b)).toEqual(Array.from({ length: (last - first) / 1_000 + 1 }, (_, n) => first + n * 1_000));
  }, 90_000);
});

/** A target that counts ten requests a second, and can be taken down. */
function target() {
  const begun = performance.now();
  const state = { up: true };
  const server = createServer((_, response) => {
    response.statusCode = state.up ? 200 : 500;
    const count = Math.round((performance.now() - begun) / 100);
    response.end(`# TYPE auspex_test_requests_total counter\nauspex_test_requests_total{tenant="a"} ${count}\n`);
  }).listen(0, '127.0.0.1');
  return Object.assign(state, {
    port: new Promise<number>((resolve) => server.once('listening', () => resolve((server.address() as AddressInfo).port))),
    close: () => closed(server),
  });
}

/* What a healthy Prometheus does not do is played by a server of a few lines. */

type Script = (
  request: IncomingMessage,
  form: URLSearchParams,
  n: number,
) => { status?: number; headers?: Record<string, string>; body: string };

async function scripted(
  script: Script,
): Promise<{ url: string; requests: { headers: IncomingMessage['headers']; form: URLSearchParams }[] }> {
  const requests: { headers: IncomingMessage['headers']; form: URLSearchParams }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const form = new URLSearchParams(body);
    requests.push({ headers: request.headers, form });
    const answer = script(request, form, requests.length);
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.body);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  closing.push(() => closed(server));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const closed = (server: Server) => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
};
const matrix = (result: unknown[]) => JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });
const NOW = Date.UTC(2026, 0, 5, 12);
const at = (minute: number) => NOW / 1000 + minute * 60;

async function failureOf(options: Record<string, unknown>, logged: Logged[] = []): Promise<AuspexError> {
  try {
    await batches(make({ history: '10m', live: false, lag: '0s', ...options }, logged));
  } catch (error) {
    if (error instanceof AuspexError) return error;
    throw error;
  }
  throw new Error('no error');
}

describe('a scripted server', () => {
  test('NaN, infinite and negative values make their step a gap, absent series do not; one warning each', async () => {
    const { url } = await scripted(() => ({
      body: matrix([
        {
          metric: { tenant: 'a' },
          values: [
            [at(-4), '1'],
            [at(-3), 'NaN'],
            [at(-2), '2.5'],
            [at(0), '3'],
          ],
        },
        {
          metric: { tenant: 'b' },
          values: [
            [at(-4), '1e2'],
            [at(-3), '1'],
            [at(0), '-1'],
          ],
        },
      ]),
    }));
    const logged: Logged[] = [];
    const options = { url, query: 'q', labels: { group: 'tenant' }, history: '5m', lag: '0s', live: false };
    const all = await batches(make(options, logged, () => NOW));
    expect(all.flatMap((batch) => [...batch.events]).map(({ at, group, count }) => [(at + 1 - NOW) / MINUTE, group, count])).toEqual([
      [-4, 'a', 60],
      [-4, 'b', 6_000],
      [-2, 'a', 150],
    ]);
    expect(all.flatMap((batch) => batch.gaps ?? []).map(({ from, to }) => [(from - NOW) / MINUTE, (to - NOW) / MINUTE])).toEqual([
      [-4, -3],
      [-2, 0],
    ]);
    expect(logged.filter(({ message }) => message.includes('taken for missing'))).toHaveLength(2);
  });

  test('chunks stay below the points of Prometheus, and name what is asked', async () => {
    const { url, requests } = await scripted(() => ({ body: matrix([]) }));
    process.env['AUSPEX_TEST_PASSWORD'] = 'p:w';
    const options = {
      url: `${url}/`,
      query: 'q',
      user: 'u',
      passwordEnv: 'AUSPEX_TEST_PASSWORD',
      headers: { 'X-Scope-OrgID': 'one' },
      history: '25m',
      points: 10,
      lag: '30s',
      live: false,
    };
    const all = await batches(make(options, [], () => NOW + 29_999));
    expect(requests.map(({ form }) => [Number(form.get('start')) - at(-1), Number(form.get('end')) - at(-1), form.get('step')])).toEqual([
      [-24 * 60, -15 * 60, '60'],
      [-14 * 60, -5 * 60, '60'],
      [-4 * 60, 0, '60'],
    ]);
    expect(requests[0]?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('u:p:w').toString('base64')}`,
      'x-scope-orgid': 'one',
    });
    expect(all.flatMap((batch) => batch.gaps ?? [])).toHaveLength(3);
  });

  test.each<[string, number, string, RegExp]>([
    ['unauthorised', 401, 'who are you', /refuses who asks \(HTTP 401\): who are you/],
    ['forbidden', 403, '', /refuses who asks \(HTTP 403\)/],
    ['a query that cannot be done', 422, '{"status":"error","error":"found duplicate series"}', /HTTP 422\): found duplicate series/],
    ['another service', 404, '<html>', /answers HTTP 404: <html>/],
    ['a redirect', 302, '', /answers HTTP 302/],
    ['no Prometheus', 200, '{"hello":1}', /no answer of a Prometheus/],
    ['no JSON', 200, '\0\x01binary', /no answer of a Prometheus/],
    ['a vector', 200, '{"status":"success","data":{"resultType":"vector","result":[]}}', /no answer of a Prometheus/],
  ])('%s fails at once', async (_, status, body, message) => {
    const { url, requests } = await scripted(() => ({ status, body }));
    const error = await failureOf({ url, query: 'q' });
    const code = status === 401 || status === 403 ? 'SOURCE_REFUSED' : 'SOURCE_FAILED';
    expect(error).toMatchObject({ code, path: url, message: expect.stringMatching(message) });
    expect(error.remedy).not.toBe('');
    expect(requests).toHaveLength(1);
  });

  test('what may pass is asked again with growing waits; Retry-After is kept to; then it gives up', async () => {
    const { url, requests } = await scripted((_, form, n) => {
      if (n === 1 || n === 4) return { body: matrix([{ metric: {}, values: [[Number(form.get('end')), '1']] }]) };
      if (n === 2) return { status: 503, body: '' };
      if (n === 3) return { status: 429, headers: { 'retry-after': '7' }, body: '' };
      return { status: 502, body: '' };
    });
    const clock = new ManualClock(NOW);
    const source = prometheus.create(
      prometheusConfig.parse({ url, query: 'q', history: '1m', lag: '0s', patience: '2m' }),
      fakeContext({ clock }),
    );
    const reading = source.open({}, new AbortController().signal)[Symbol.asyncIterator]();
    expect((await reading.next()).value?.events).toHaveLength(1);
    const second = reading.next();
    const begun = clock.now();
    await advance(clock, 100, () => requests.length >= 4);
    expect((await second).value?.events.at(-1)?.group).toBe('all');
    expect(clock.now() - begun).toBeGreaterThan(MINUTE + 7_500);
    const third = reading.next().then(
      () => undefined,
      (error: unknown) => error,
    );
    const stopped = { value: undefined as unknown };
    void third.then((error) => (stopped.value = error));
    await advance(clock, 400, () => stopped.value !== undefined);
    expect(stopped.value).toMatchObject({ code: 'SOURCE_FAILED', message: expect.stringContaining('HTTP 502') });
    expect(requests.length).toBeGreaterThan(8);
  });

  test('nobody there, a silent server, TLS that nobody vouches for, missing secrets', async () => {
    expect(await failureOf({ url: 'http://127.0.0.1:9', query: 'q' })).toMatchObject({
      message: expect.stringContaining('cannot be reached'),
    });
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    closing.push(() => closed(silent));
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    expect((await failureOf({ url, query: 'q', timeout: '150ms' })).message).toContain('no answer for 150 ms');
    expect(await failureOf({ url, query: 'q', tokenEnv: 'AUSPEX_NO_SUCH' })).toMatchObject({
      code: 'CONFIG_INVALID',
      path: 'prometheus.tokenEnv',
    });
    expect(await failureOf({ url, query: 'q', ca: '/no/such' })).toMatchObject({ code: 'CONFIG_INVALID', path: 'prometheus.ca' });
    expect(prometheusConfig.safeParse({ url: 'ftp://x', query: 'q' }).success).toBe(false);
    expect(prometheusConfig.safeParse({ url, query: 'q', step: '7m' }).success).toBe(false);
  });

  test('TLS with an authority of our own', async (t) => {
    const { key, cert } = certificate() ?? t.skip('no openssl to make a certificate with');
    const server = createSecureServer({ key, cert }, (_, response) => response.end(matrix([]))).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    closing.push(() => closed(server as never));
    const url = `https://localhost:${(server.address() as AddressInfo).port}`;
    const options = { url, query: 'q', history: '2m', live: false };
    expect((await failureOf(options)).message).toContain('is not trusted');
    expect(await batches(make({ ...options, ca: file('ca.pem', cert) }))).not.toHaveLength(0);
  });

  test('a stop ends a request that hangs and a wait', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    closing.push(() => closed(silent));
    const stop = new AbortController();
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const next = make({ url, query: 'q' }).open({}, stop.signal)[Symbol.asyncIterator]().next();
    await wait(50);
    stop.abort(new Error('stopped'));
    expect((await next).done).toBe(true);
  });
});

/** A certificate for localhost that vouches for itself; undefined where there is no openssl. */
function certificate(): { key: Buffer; cert: Buffer } | undefined {
  const [key, cert] = [path.join(folder(), 'key.pem'), path.join(folder(), 'cert.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  try {
    execFileSync(
      OPENSSL,
      [
        'req',
        '-x509',
        ...curve,
        '-keyout',
        key,
        '-out',
        cert,
        '-days',
        '2',
        '-subj',
        '/CN=localhost',
        '-addext',
        'subjectAltName=DNS:localhost',
      ],
      { stdio: 'ignore' },
    );
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    process.stderr.write('skipped, no openssl to make a certificate with\n');
    return undefined;
  }
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

/** Moves the clock by seconds until `condition`, leaving the network time to answer. */
async function advance(clock: ManualClock, seconds: number, condition: () => boolean): Promise<void> {
  for (let i = 0; i < seconds && !condition(); i++) {
    await wait(4);
    if (clock.sleeping > 0) await clock.advance(1_000);
  }
  expect(condition()).toBe(true);
}

async function until(condition: () => boolean, ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (!condition() && performance.now() < end) await wait(20);
  expect(condition()).toBe(true);
}
