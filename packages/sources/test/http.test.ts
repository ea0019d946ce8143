import { connect, createServer, type Server } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { AuspexError, defineSource, type Source, type SourceBatch, type UsageEvent } from '@auspex/contracts';
import { http, httpConfig } from '@auspex/sources';
import { fakeContext, RecordingMeter, runLaws, type SourceSubject } from '@auspex/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { context, type Logged } from './tools.ts';

const START = Date.UTC(2026, 0, 5);
const NDJSON = 'application/x-ndjson';
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

interface Running {
  readonly url: string;
  readonly source: Source;
  readonly batches: SourceBatch[];
  readonly logged: Logged[];
  readonly meter: RecordingMeter;
  readonly events: UsageEvent[];
  /** Lets the engine take again; `paused` sources are not read. */
  resume(): void;
  stop(): Promise<void>;
}

/** A source that listens and is read, as the engine does; `paused` reads no further than the first word. */
async function start(options: Record<string, unknown> = {}, { paused = false, from = {}, now = () => START } = {}): Promise<Running> {
  const logged: Logged[] = [];
  const meter = new RecordingMeter();
  const source = http.create(httpConfig.parse({ tick: '20ms', ...options }), { ...context(logged, now), meter });
  const abort = new AbortController();
  const batches: SourceBatch[] = [];
  const events: UsageEvent[] = [];
  const reading = source.open(from, abort.signal)[Symbol.asyncIterator]();
  const first = await reading.next();
  if (first.value) batches.push(first.value);
  let go = () => {};
  const going = paused ? new Promise<void>((resolve) => (go = resolve)) : Promise.resolve();
  const done = going.then(async () => {
    for (;;) {
      const { value, done: ended } = await reading.next();
      if (ended) return;
      batches.push(value);
      events.push(...value.events);
    }
  });
  const stop = async () => {
    abort.abort(new Error('stopped'));
    go();
    await done;
    await source.close?.();
  };
  stops.push(stop);
  return { url: `http://127.0.0.1:${meter.values.get('auspex_http_port')}`, source, batches, logged, meter, events, resume: go, stop };
}

const post = (url: string, body: string | Uint8Array, type = NDJSON, headers: Record<string, string> = {}, path = '/events') =>
  fetch(url + path, { method: 'POST', body, headers: { 'content-type': type, ...headers } });
const lines = (...records: unknown[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');
const until = async (condition: () => boolean) => {
  for (let i = 0; i < 300 && !condition(); i++) await wait(10);
  expect(condition()).toBe(true);
};
const record = (n: number) => ({ at: START + n, group: 'g', user: `u${n}` });

describe('formats', () => {
  test('NDJSON, JSON arrays and single records are read as the ndjson source does', async () => {
    const running = await start({ fields: { user: 'client.id' } });
    const one = await post(running.url, lines({ at: START, group: 'g', client: { id: 'ü' } }, { at: START + 1, outcome: 503 }));
    expect([one.status, await one.json()]).toEqual([202, { accepted: 2, malformed: 0 }]);
    expect((await post(running.url, JSON.stringify([record(2), record(3)]), 'application/json; charset=utf-8')).status).toBe(202);
    expect((await post(running.url, JSON.stringify(record(4)), 'application/json')).status).toBe(202);
    await until(() => running.events.length === 5);
    expect(running.events).toMatchObject([
      { at: START, group: 'g', user: 'ü', kind: 'request', outcome: 'served' },
      { at: START + 1, outcome: 'throttled' },
      { at: START + 2 },
      { at: START + 3 },
      { at: START + 4 },
    ]);
    expect(running.batches.at(-1)).toMatchObject({ partition: 'http', position: '5', watermark: START - 10_000 });
  });

  test('CloudEvents: structured, batched, in headers; time and attributes', async () => {
    const running = await start({ fields: { feature: 'ce.type' } });
    const cloud = (n: number, data?: unknown) => ({
      specversion: '1.0',
      id: `${n}`,
      source: '/shop',
      type: 'shop.view',
      time: new Date(START + n).toISOString(),
      ...(data === undefined ? {} : { data }),
    });
    expect((await post(running.url, JSON.stringify(cloud(1, { user: 'a' })), 'application/cloudevents+json')).status).toBe(202);
    const batch = JSON.stringify([cloud(2, { at: START + 99 }), cloud(3), { ...cloud(4), specversion: '0.3' }, cloud(5, 'text')]);
    const answer = await post(running.url, batch, 'application/cloudevents-batch+json', {}, '/events?lines=true');
    expect(await answer.json()).toMatchObject({ accepted: 2, malformed: 2, lines: [{ line: 3 }, { line: 4 }] });
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': '6',
      'ce-source': '/shop',
      'ce-type': 'shop.buy',
      'ce-time': new Date(START + 6).toISOString(),
    };
    expect((await post(running.url, '{"user":"b"}', 'application/json', headers)).status).toBe(202);
    await until(() => running.events.length === 4);
    expect(running.events.map(({ at, user, feature }) => [at - START, user, feature])).toEqual([
      [1, 'a', 'shop.view'],
      [99, undefined, 'shop.view'],
      [3, undefined, 'shop.view'],
      [6, 'b', 'shop.buy'],
    ]);
  });

  test('malformed records are counted, logged, and told where asked', async () => {
    const running = await start();
    const body = `${lines(record(1))}{"at":\n\n${lines({ at: 'yesterday' }, record(2), { at: '2026-01-05T00:00:00' })}`;
    const answer = await post(running.url, body, NDJSON, {}, '/events?lines=true');
    expect(answer.status).toBe(202);
    const told = (await answer.json()) as { lines: { line: number; reason: string }[] };
    expect(told).toMatchObject({ accepted: 2, malformed: 3, lines: [{ line: 2, reason: 'no valid JSON' }, { line: 4 }, { line: 6 }] });
    expect(told.lines[2]?.reason).toContain('no zone is given');
    await until(() => running.events.length === 2);
    expect(running.batches.reduce((sum, batch) => sum + (batch.malformed ?? 0), 0)).toBe(3);
    expect(running.logged.filter(({ message }) => message === 'malformed record skipped')[0]?.fields.at).toBe('request 1:2');
    const none = await post(running.url, 'not json\n');
    expect([none.status, await none.json()]).toEqual([400, { error: 'no valid JSON', accepted: 0, malformed: 1 }]);
    expect((await post(running.url, lines(record(3)), NDJSON, {}, '/events?lines=maybe')).status).toBe(400);
  });

  test.each<[string, string | Uint8Array, string, number]>([
    ['an unknown type', 'a,b', 'text/csv', 415],
    ['no JSON at all', '{', 'application/json', 400],
    ['a batch that is none', '{}', 'application/cloudevents-batch+json', 400],
    ['nothing', '', NDJSON, 202],
    ['an empty array', '[]', 'application/json', 202],
    ['noise', Uint8Array.from({ length: 4096 }, (_, i) => (i * 7919) % 251), NDJSON, 400],
    ['brackets without end', '['.repeat(200_000), 'application/json', 400],
    ['a record nested too deep to be shown', `[${'['.repeat(100_000)}${']'.repeat(100_000)}]`, 'application/json', 400],
    ['prototypes', '{"__proto__":{"at":1},"constructor":1}', 'application/json', 400],
    ['a body over the bound', 'x'.repeat(300_000), NDJSON, 413],
  ])('%s', async (_, body, type, status) => {
    const running = await start({ maxBody: 262_144 });
    expect((await post(running.url, body, type)).status).toBe(status);
    expect((await post(running.url, lines(record(1)))).status).toBe(202);
    await until(() => running.events.length === 1);
  });
});

describe('bounds', () => {
  test('gzip is bounded as sent and as unpacked', async () => {
    const running = await start({ maxBody: 65_536 });
    const gzip = { 'content-encoding': 'gzip' };
    expect((await post(running.url, gzipSync(lines(record(1))), NDJSON, gzip)).status).toBe(202);
    expect((await post(running.url, gzipSync('a'.repeat(5_000_000)), NDJSON, gzip)).status).toBe(413);
    expect((await post(running.url, 'no gzip', NDJSON, gzip)).status).toBe(400);
    expect((await post(running.url, gzipSync(lines(record(2))).subarray(0, 20), NDJSON, gzip)).status).toBe(400);
    expect((await post(running.url, 'x', NDJSON, { 'content-encoding': 'br' })).status).toBe(415);
    await until(() => running.events.length === 1);
  });

  test('a full queue answers 429 with Retry-After, all or nothing, and goes on', async () => {
    const running = await start({ queue: 10, retryAfter: '1500ms' }, { paused: true });
    expect((await post(running.url, lines(...Array.from({ length: 8 }, (_, n) => record(n))))).status).toBe(202);
    const refused = await post(running.url, lines(record(8), record(9), record(10)));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2']);
    expect((await post(running.url, lines(record(8), record(9)))).status).toBe(202);
    expect((await post(running.url, lines(record(10)))).status).toBe(429);
    expect((await post(running.url, lines(...Array.from({ length: 11 }, (_, n) => record(n))))).status).toBe(429);
    expect(await (await fetch(`${running.url}/health`)).json()).toMatchObject({ status: 'full', queued: 10 });
    running.resume();
    await until(() => running.events.length === 10);
    expect(running.events.map(({ at }) => at - START)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect((await post(running.url, lines(...Array.from({ length: 11 }, (_, n) => record(n))))).status).toBe(413);
    expect((await post(running.url, lines(record(10)))).status).toBe(202);
    expect(await (await fetch(`${running.url}/health`)).json()).toMatchObject({ status: 'ok' });
  });

  test('the queue is bounded in bytes, too', async () => {
    const running = await start({ queueBytes: 10_000 }, { paused: true });
    const long = () => post(running.url, lines({ ...record(1), resource: 'x'.repeat(6_000) }));
    expect((await long()).status).toBe(202);
    expect((await long()).status).toBe(429);
  });

  test('watermarks wait while events are queued', async () => {
    let now = START;
    const running = await start({ batch: 2 }, { paused: true, now: () => now });
    await post(running.url, lines(record(1), record(2), record(3)));
    now += 3_600_000;
    running.resume();
    await until(() => running.events.length === 3);
    const [first, second] = running.batches.slice(1);
    expect(first?.watermark).toBeUndefined();
    expect(second?.watermark).toBe(now - 10_000);
  });

  test('a sender that sends slowly is cut off', async () => {
    const running = await start({ requestTimeout: '1s' });
    const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
    let said = '';
    socket.on('data', (data) => (said += data.toString()));
    socket.on('error', () => undefined);
    socket.write(`POST /events HTTP/1.1\r\nhost: a\r\ncontent-type: ${NDJSON}\r\ncontent-length: 100\r\n\r\n{`);
    const from = performance.now();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(performance.now() - from).toBeLessThan(4_000);
    expect(said).toContain('408');
    expect((await post(running.url, lines(record(1)))).status).toBe(202);
  });
});

describe('durable', () => {
  test('202 comes only after the checkpoint that covers the batch', async () => {
    const running = await start({ ack: 'durable', batch: 2 });
    const answers: number[] = [];
    const first = post(running.url, lines(record(1), record(2), record(3))).then((answer) => answers.push(answer.status));
    await until(() => running.events.length === 3);
    const second = post(running.url, lines(record(4))).then((answer) => answers.push(answer.status));
    await until(() => running.events.length === 4);
    await running.source.commit?.({ http: '2' });
    await wait(50);
    expect(answers).toEqual([]);
    await running.source.commit?.({ http: '3' });
    await first;
    await wait(50);
    expect(answers).toEqual([202]);
    await running.source.commit?.({ http: '4' });
    await second;
    expect(answers).toEqual([202, 202]);
  });

  test('positions go on after a restart; no checkpoint in time is 503', async () => {
    const running = await start({ ack: 'durable', ackTimeout: '1s' }, { from: { http: '100' } });
    const answer = await post(running.url, lines(record(1)));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(running.batches.find(({ events }) => events.length > 0)?.position).toBe('101');
  });

  test('what waits when the source stops gets 503, half a request too', async () => {
    const running = await start({ ack: 'durable' });
    const waiting = post(running.url, lines(record(1)));
    await until(() => running.events.length === 1);
    const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
    let said = '';
    socket.on('data', (data) => (said += data.toString()));
    socket.write(`POST /events HTTP/1.1\r\nhost: a\r\ncontent-type: ${NDJSON}\r\ncontent-length: 100\r\n\r\n{`);
    await wait(50);
    const from = performance.now();
    await running.stop();
    expect(performance.now() - from).toBeLessThan(1_000);
    expect((await waiting).status).toBe(503);
    await until(() => said.includes(' 503 '));
    await expect(post(running.url, lines(record(2)))).rejects.toThrow();
  });
});

test('bearer token: from the option or the environment, asked for on posting only', async () => {
  process.env['AUSPEX_TEST_TOKEN'] = 'from the environment';
  const [one, other] = [await start({ token: 'a secret of ours' }), await start({ tokenEnv: 'AUSPEX_TEST_TOKEN' })];
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  expect((await post(one.url, lines(record(1)), NDJSON, bearer('a secret of ours'))).status).toBe(202);
  expect((await post(other.url, lines(record(1)), NDJSON, bearer('from the environment'))).status).toBe(202);
  for (const headers of [{}, bearer('a secret of our'), bearer(''), { authorization: 'Basic a secret of ours' }]) {
    const answer = await post(one.url, lines(record(1)), NDJSON, headers);
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  }
  expect((await fetch(`${one.url}/health`)).status).toBe(200);
  expect((await fetch(`${one.url}/`)).status).toBe(404);
  await until(() => one.events.length === 1);
});

describe('errors name what to do', () => {
  const failure = async (options: Record<string, unknown>, from = {}): Promise<AuspexError> => {
    try {
      const source = http.create(httpConfig.parse(options), fakeContext());
      for await (const _ of source.open(from, new AbortController().signal)) break;
    } catch (error) {
      if (error instanceof AuspexError) return error;
      throw error;
    }
    throw new Error('no error');
  };

  test('a port that is taken, an address that is not ours, no token, a strange position', async () => {
    const { port, taken } = await occupied();
    expect(await failure({ port })).toMatchObject({
      code: 'SOURCE_FAILED',
      path: `127.0.0.1:${port}`,
      remedy: expect.stringContaining('another port'),
    });
    taken.close();
    expect(await failure({ host: '192.0.2.1' })).toMatchObject({ code: 'SOURCE_FAILED', remedy: expect.stringContaining('127.0.0.1') });
    expect(await failure({ tokenEnv: 'AUSPEX_NO_SUCH' })).toMatchObject({ code: 'CONFIG_INVALID', path: 'http.tokenEnv' });
    expect(await failure({}, { http: 'x' })).toMatchObject({ code: 'SOURCE_POSITION_LOST' });
    expect(await failure({ zone: 'Mars/Olympus' }).catch((error) => error)).toMatchObject({ code: 'ZONE_UNKNOWN' });
    expect(httpConfig.safeParse({ path: '/health' }).success).toBe(false);
  });

  test('an open address without a token is warned of', async () => {
    const running = await start({ host: '0.0.0.0' });
    expect(running.logged.some(({ level, message }) => level === 'warn' && message.includes('set tokenEnv'))).toBe(true);
  });
});

async function occupied(): Promise<{ port: number; taken: Server }> {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  return { port: (taken.address() as { port: number }).port, taken };
}

/** The plugin with a sender beside it, which posts 40 events as soon as the source listens; with `/odd` a broken one among them. */
function withSender() {
  return defineSource({
    ...http,
    create(options, given) {
      const meter = new RecordingMeter();
      const source = http.create(options, { ...given, meter });
      return {
        async *open(from, signal) {
          let sent: Promise<void> | undefined;
          for await (const batch of source.open(from, signal)) {
            sent ??= send(Number(meter.values.get('auspex_http_port')), options.path).catch(() => undefined);
            yield batch;
          }
          await sent;
        },
        commit: async (positions) => source.commit?.(positions),
        close: async () => source.close?.(),
      };
    },
  });
  async function send(port: number, path: string): Promise<void> {
    for (let part = 0; part < 4; part++) {
      const records = Array.from({ length: 10 }, (_, n) => record(part * 10 + n));
      const odd = path === '/odd' && part === 2 ? 'not a record\n' : '';
      await post(`http://127.0.0.1:${port}`, lines(...records) + odd, NDJSON, { connection: 'close' }, path);
    }
  }
}

test('laws', async () => {
  const { port, taken } = await occupied();
  const subject = (): SourceSubject => ({
    plugin: withSender(),
    with: { batch: 7 },
    events: 40,
    down: { port },
    malformed: { batch: 7, path: '/odd' },
  });
  const { results, passed } = await runLaws(subject as never);
  taken.close();
  expect(results.filter(({ outcome }) => outcome === 'broken').map(({ law, seen }) => `${law}: ${seen}`)).toEqual([]);
  expect(results.filter(({ outcome }) => outcome === 'skipped').map(({ seen }) => seen)).toEqual(['it declares that it cannot go back']);
  expect(passed).toBe(true);
}, 30_000);
