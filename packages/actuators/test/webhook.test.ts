import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Actuator, Order, PluginContext } from '@auspex/contracts';
import { fakeContext, ManualClock, MapStore, runLaws } from '@auspex/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { Unavailable } from '../src/target/index.ts';
import { HttpWebhook } from '../src/webhook/http.ts';
import { webhook, webhookConfig } from '../src/webhook/index.ts';
import { createWebhookActuator } from '../src/webhook/plugin.ts';
import { readSecret, sign } from '../src/webhook/secret.ts';
import { FakeReceiver, makeWebhookCase } from './fakes/webhook.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 5);
const never = new AbortController().signal;
const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes ok.').toString('base64')}`;
const KEY = readSecret('S', { S: SECRET });

const order = (n: number, units: number, given: Partial<Order> = {}, start = START): Order => {
  const step = start + n * MINUTE;
  const pool = given.pool ?? 'web';
  const key = `${pool}@${new Date(step).toISOString().replace('.000Z', 'Z')}`;
  return { key, pool, pop: 'ATL', units, min: 1, max: 20, epoch: 1, shadow: false, step, ...given };
};
const floor = (n: number, units: number, given: Partial<Order> = {}): Order =>
  order(n, units, { expires: START + (n + 3) * MINUTE, ...given });

/** A clock that goes on where somebody sleeps. */
class Clock extends ManualClock {
  override async sleep(ms: number): Promise<void> {
    await this.advance(ms);
  }
}

function setUp() {
  const fake = new FakeReceiver();
  const clock = new Clock(START);
  const options = webhookConfig.parse({ url: 'https://scaler.test/', secretEnv: 'S', patience: '2s' });
  const context = fakeContext({ clock });
  const create = (given: Partial<PluginContext> = {}): Actuator => createWebhookActuator(options, { ...context, ...given }, fake);
  const reach = async (minutes: number): Promise<void> => {
    await clock.advance(START + minutes * MINUTE - clock.now());
    fake.now = clock.now();
  };
  return { fake, clock, create, reach, actuator: create() };
}

it('keeps the laws of actuators', async () => {
  const { results } = await runLaws(makeWebhookCase);
  expect(results.filter(({ outcome }) => outcome === 'broken')).toEqual([]);
  expect(results.filter(({ outcome }) => outcome === 'skipped').map(({ law }) => law)).toEqual(['a keeper brings the original back']);
});

describe('an order', () => {
  it('is one message with all that the receiver has to know', async () => {
    const { fake, actuator } = setUp();
    expect(await actuator.actuate(floor(0, 6, { epoch: 3 }), never)).toMatchObject({ status: 'applied', units: 6, ready: 2 });
    expect(fake.messages).toEqual([
      {
        key: 'web@2026-01-05T00:00:00Z',
        pool: 'web',
        pop: 'ATL',
        units: 6,
        min: 1,
        max: 20,
        epoch: 3,
        step: '2026-01-05T00:00:00.000Z',
        expires: '2026-01-05T00:03:00.000Z',
        original: 2,
        mark: { units: 6, original: 2, step: START, epoch: 3, expires: START + 3 * MINUTE },
      },
    ]);
  });

  it('of full control has no end', async () => {
    const { fake, actuator, reach } = setUp();
    await actuator.actuate(floor(0, 6), never);
    await actuator.actuate(order(1, 5), never);
    expect(fake.messages[1]).not.toHaveProperty('expires');
    await reach(60);
    expect(fake.held('web').units).toBe(5);
  });

  it('of a floor goes only to a receiver that says that it keeps to leases', async () => {
    const { fake, actuator } = setUp();
    for (const leases of [undefined, false]) {
      fake.leases = leases;
      expect(await actuator.actuate(floor(0, 6), never)).toMatchObject({ status: 'refused', units: 2 });
    }
    expect(fake.changes).toBe(0);
    expect((await actuator.actuate(order(0, 6), never)).status).toBe('applied');
  });

  it.each([
    ['the lease', { epoch: 1 }, /does not confirm the lease: it was to hold until 2026-01-05T00:03:00.000Z, and the answer says nothing/],
    ['the lease', { epoch: 1, expires: '2026-01-05T00:09:00Z' }, /does not confirm the lease/],
    ['the lease', { epoch: 1, expires: 'soon' }, /does not confirm the lease/],
    ['the epoch', { expires: '2026-01-05T00:03:00Z' }, /does not confirm the epoch: it was 1, and the answer says nothing/],
    ['the epoch', { epoch: 2, expires: '2026-01-05T00:03:00Z' }, /does not confirm the epoch/],
  ])('whose answer does not confirm %s is refused: %j', async (_, answer, text) => {
    const { fake, actuator } = setUp();
    fake.confirm = () => answer;
    const receipt = await actuator.actuate(floor(0, 6), never);
    expect(receipt.status).toBe('refused');
    expect(receipt.detail).toMatch(text);
  });

  it('stays within what the receiver allows, and tells what it says', async () => {
    const { fake, actuator } = setUp();
    fake.more = { most: 5, detail: 'quota of 5' };
    expect(await actuator.actuate(order(0, 9), never)).toMatchObject({ units: 5, detail: '9 wanted, and the target allows 5 at most' });
    expect((await actuator.actuate(order(1, 4), never)).detail).toBe('quota of 5');
    fake.more = { least: 3 };
    expect(await actuator.actuate(order(2, 1), never)).toMatchObject({ units: 3 });
  });
});

describe('two instances', () => {
  it('an older epoch is refused by the mark at the receiver, whatever the store says', async () => {
    const { fake, create } = setUp();
    await create().actuate(floor(0, 6, { epoch: 4 }), never);
    const paused = create({ store: new MapStore() });
    expect((await paused.actuate(floor(1, 3, { epoch: 3 }), never)).detail).toMatch(/^epoch 3 is older than 4: another instance leads/);
    expect(fake.held('web').units).toBe(6);
  });

  it('a receiver that saw a newer epoch between our read and our order makes us read again', async () => {
    const { fake, create } = setUp();
    const actuator = create({ store: new MapStore() });
    const read = fake.read.bind(fake);
    let between = true;
    fake.read = async (pool) => {
      const state = structuredClone(await read(pool));
      if (between) {
        between = false;
        await create().actuate(floor(0, 9, { epoch: 5 }), never);
      }
      return state;
    };
    expect((await actuator.actuate(floor(1, 3, { epoch: 3 }), never)).detail).toMatch(/^epoch 3 is older than 5: another instance leads/);
    expect(fake.held('web').units).toBe(9);
  });

  it('a change by somebody else is left alone, and no lease takes it back', async () => {
    const { fake, actuator, reach } = setUp();
    await actuator.actuate(floor(0, 6), never);
    fake.set('web', 9);
    expect((await actuator.actuate(floor(1, 6), never)).detail).toMatch(/somebody else set 9 where Auspex had set 6/);
    await reach(30);
    expect(fake.held('web').units).toBe(9);
    await reach(62);
    expect(await actuator.actuate(floor(62, 12), never)).toMatchObject({ status: 'applied', units: 12 });
    await reach(90);
    expect(fake.held('web').units).toBe(9);
  });

  it('a keeper brings the original back without an order', async () => {
    const { fake, create, clock } = setUp();
    await create().actuate(floor(0, 6, { epoch: 3 }), never);
    await clock.advance(5 * MINUTE);
    expect(await create().restore?.('web', never)).toMatchObject({ from: 6, units: 2 });
    expect(fake.messages.at(-1)).toEqual({ key: `web@restore-${START}`, pool: 'web', units: 2, epoch: 3, mark: null });
    expect(await create().restore?.('web', never)).toBeUndefined();
  });
});

/** A receiver behind a real server, which verifies by itself what Standard Webhooks says. */
class HttpReceiver {
  readonly fake = new FakeReceiver();
  readonly requests: IncomingMessage[] = [];
  readonly bodies: string[] = [];
  /** Answers in its place. */
  instead: ((response: ServerResponse, request: IncomingMessage) => void) | undefined;
  secret: Buffer = KEY;
  #server: Server | undefined;
  url = '';

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(server.address() as { port: number }).port}/hook?tenant=a`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve) ?? resolve(undefined));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString();
    this.requests.push(request);
    this.bodies.push(body);
    if (this.instead) return this.instead(response, request);
    const answer = (status: number, value: unknown): void => void response.writeHead(status).end(JSON.stringify(value));
    const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = request.headers;
    const right = createHmac('sha256', this.secret).update(`${id}.${at}.${body}`).digest('base64');
    if (signature !== `v1,${right}` || Math.abs(this.fake.now / 1_000 - Number(at)) > 300) return answer(401, { error: 'signature' });
    try {
      const pool = new URL(request.url as string, 'http://x').searchParams.get('pool') as string;
      answer(200, request.method === 'GET' ? await this.fake.read(pool) : await this.fake.order(JSON.parse(body)));
    } catch (error) {
      answer(error instanceof Unavailable ? 503 : 409, { error: (error as Error).message });
    }
  }
}

describe('over HTTP', () => {
  let receiver: HttpReceiver | undefined;
  afterEach(() => receiver?.stop());
  const begin = async (more: object = {}) => {
    receiver = new HttpReceiver();
    await receiver.start();
    const clock = new Clock(START);
    process.env['AUSPEX_TEST_SECRET'] = SECRET;
    const options = webhookConfig.parse({ url: receiver.url, secretEnv: 'AUSPEX_TEST_SECRET', patience: '2s', ...more });
    return { receiver, clock, actuator: webhook.create(options, fakeContext({ clock })) };
  };

  it('requests are signed, and the receiver’s lease is honoured', async () => {
    const {
      receiver: { fake, requests, bodies },
      actuator,
      clock,
    } = await begin();
    expect(await actuator.read('web', never)).toEqual({ units: 2, ready: 2 });
    expect(await actuator.actuate(floor(0, 6), never)).toMatchObject({ status: 'applied', units: 6 });
    const posted = requests.findIndex(({ method }) => method === 'POST');
    expect(requests[posted]?.headers).toMatchObject({
      'webhook-id': 'web@2026-01-05T00:00:00Z',
      'webhook-timestamp': String(START / 1_000),
      'content-type': 'application/json',
    });
    expect(JSON.parse(bodies[posted] as string)).toMatchObject({ pool: 'web', units: 6 });
    expect(requests[0]?.url).toBe('/hook?tenant=a&pool=web');
    await clock.advance(4 * MINUTE);
    fake.now = clock.now();
    expect(await actuator.read('web', never)).toEqual({ units: 2, ready: 2 });
    await actuator.close?.();
  });

  it('a long detail is cut', async () => {
    const { receiver: own, actuator } = await begin();
    own.fake.more = { detail: 'x'.repeat(2_000) };
    expect((await actuator.actuate(order(0, 6), never)).detail).toBe('x'.repeat(300));
  });

  it('each pool is asked for by its name', async () => {
    const { receiver: own, actuator } = await begin();
    own.fake.held('a b&c');
    own.fake.set('a b&c', 7);
    expect(await actuator.read('a b&c', never)).toMatchObject({ units: 7 });
    expect(await actuator.read('web', never)).toMatchObject({ units: 2 });
    expect(await actuator.actuate(order(0, 5, { pool: 'a b&c' }), never)).toMatchObject({ status: 'applied', units: 5 });
    expect(own.fake.held('web').units).toBe(2);
  });

  it('409 is read again: who leads by then is found in the mark', async () => {
    const { receiver: own, actuator } = await begin();
    const read = own.fake.read.bind(own.fake);
    own.fake.read = async (pool) => {
      own.fake.read = read;
      const before = structuredClone(await read(pool));
      const mark = { units: 9, original: 2, step: START, epoch: 5 };
      await own.fake.order({ key: 'k', pool, units: 9, epoch: 5, step: '2026-01-05T00:00:00.000Z', mark });
      return before;
    };
    expect((await actuator.actuate(order(1, 3), never)).detail).toMatch(/^epoch 1 is older than 5: another instance leads/);
    expect(own.fake.held('web').units).toBe(9);
  });

  it('a wrong secret is named, and so are clocks', async () => {
    const {
      receiver: { fake },
      receiver: own,
      actuator,
      clock,
    } = await begin();
    own.secret = Buffer.from('another secret of thirty-two byt');
    await expect(actuator.read('web', never)).rejects.toThrow(
      /answers HTTP 401: {"error":"signature"}. Check that both have the same secret/,
    );
    expect(await actuator.actuate(order(0, 6), never)).toMatchObject({ status: 'refused', units: 0 });
    own.secret = KEY;
    await clock.advance(6 * MINUTE);
    await expect(actuator.read('web', never)).rejects.toThrow(/401/);
    expect(fake.changes).toBe(0);
  });

  it.each([429, 500, 503, 408])('%i is asked again, after what it asks for', async (status) => {
    const { receiver: own, actuator, clock } = await begin();
    const busyOnce = (after: () => string): void => {
      own.instead = (response) => {
        own.instead = undefined;
        response.writeHead(status, { 'retry-after': after() }).end('busy');
      };
    };
    busyOnce(() => '1');
    expect((await actuator.actuate(order(0, 6), never)).status).toBe('applied');
    expect(clock.now()).toBe(START + 1_000);
    busyOnce(() => new Date(clock.now() + 1_000).toUTCString());
    expect((await actuator.actuate(order(1, 7), never)).status).toBe('applied');
    expect(clock.now()).toBe(START + 2_000);
    // Longer than the patience: not waited for.
    busyOnce(() => '60');
    await expect(actuator.actuate(order(2, 8), never)).rejects.toThrow(`HTTP ${status}: busy`);
    expect(clock.now()).toBe(START + 2_000);
    expect(own.fake.written.map(({ units }) => units)).toEqual([6, 7]);
  });

  it.each([
    [400, 'bad', /HTTP 400: bad/],
    [404, '', /HTTP 404$/],
    [422, 'x'.repeat(900), /^[^x]*x{200}$/],
  ])('%i is a refusal', async (status, text, message) => {
    const { receiver: own, actuator } = await begin();
    own.instead = (response) => void response.writeHead(status).end(text);
    expect((await actuator.actuate(order(0, 6), never)).detail).toMatch(message);
    // And never the query of the address.
    expect((await actuator.actuate(order(0, 6), never)).detail).not.toMatch(/tenant/);
    expect(own.requests.length).toBeLessThanOrEqual(4);
  });

  it.each([
    ['no JSON', (response: ServerResponse) => void response.end('<html>'), /answers with no JSON: <html>/],
    ['nothing', (response: ServerResponse) => void response.writeHead(204).end(), /answers with no JSON/],
    ['half', (response: ServerResponse) => void response.end('{"units":3}'), /does not answer as a receiver does: ready: /],
    ['counts that are none', (response: ServerResponse) => void response.end('{"units":-1,"ready":1.5}'), /units: .*; ready: /],
    ['a mark that is none', (response: ServerResponse) => void response.end('{"units":1,"ready":1,"mark":{"units":1}}'), /mark/],
    ['too much', (response: ServerResponse) => void response.end('x'.repeat(70_000)), /more than 65536 bytes/],
    [
      'a redirect',
      (response: ServerResponse) => void response.writeHead(307, { location: 'http://169.254.169.254/latest?x' }).end(),
      /redirects to http:\/\/169\.254\.169\.254 \(HTTP 307\), and orders are not sent on/,
    ],
  ])('%s is no success', async (_, instead, text) => {
    const { receiver: own, actuator } = await begin();
    own.instead = instead;
    await expect(actuator.read('web', never)).rejects.toThrow(text);
    expect((await actuator.actuate(order(0, 6), never)).status).toBe('refused');
  });

  it('silence ends with the time limit, and with the signal', async () => {
    const { receiver: own, actuator } = await begin({ timeLimit: '60ms', patience: '100ms' });
    own.instead = () => undefined;
    await expect(actuator.actuate(order(0, 6), never)).rejects.toThrow(/does not answer within 60 ms/);
    // Also in the middle of an answer.
    own.instead = (response) => void response.writeHead(200).write('{');
    await expect(actuator.read('web', never)).rejects.toThrow(/does not answer within 60 ms/);
    const stop = new AbortController();
    const asked = actuator.read('web', stop.signal);
    stop.abort(new Error('stopped'));
    await expect(asked).rejects.toThrow('stopped');
  });

  it('a receiver that is gone is out of reach, and one that dies in the middle is asked again', async () => {
    const { receiver: own, actuator } = await begin();
    let left = 1;
    own.instead = (_, request) => {
      if (--left === 0) own.instead = undefined;
      request.socket.destroy();
    };
    expect((await actuator.actuate(order(0, 6), never)).status).toBe('applied');
    await own.stop();
    await expect(actuator.actuate(order(1, 6), never)).rejects.toThrow(/cannot be reached \(ECONNREFUSED\)/);
  });

  it('an answer that was lost is found out by reading: the order is done once', async () => {
    const { receiver: own, actuator } = await begin();
    const carryOut = own.fake.order.bind(own.fake);
    own.fake.order = async (message) => {
      await carryOut(message);
      own.fake.order = carryOut;
      throw new Unavailable('lost');
    };
    expect(await actuator.actuate(order(0, 6), never)).toMatchObject({ status: 'applied', units: 6 });
    expect(own.fake.written).toEqual([{ pool: 'web', units: 6 }]);
  });
});

describe('signatures', () => {
  it('are those of Standard Webhooks', () => {
    // The example of the specification’s reference libraries.
    const key = readSecret('S', { S: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' });
    const headers = sign(key, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330_000, '{"test": 2432232314}');
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('encode what a header cannot hold, and what separates', () => {
    expect(sign(KEY, 'wéb.eu@2026-01-05T00:00:00Z', 0, '')['webhook-id']).toBe('w%C3%A9b%2Eeu@2026-01-05T00:00:00Z');
  });

  it.each([
    [undefined, /AUSPEX_S is empty/],
    ['short', /shorter than 24 bytes/],
    [`whsec_${Buffer.from('short').toString('base64')}`, /shorter than 24 bytes/],
    ['whsec_not base64 at all, but long enough!', /is no base64/],
  ])('are not made with the secret %j', (secret, text) => {
    expect(() => readSecret('AUSPEX_S', { AUSPEX_S: secret })).toThrow(text);
  });

  it('take a text as it is', () => {
    const text = 'a text of twenty-four byt';
    expect(readSecret('S', { S: text }).toString()).toBe(text);
  });
});

describe('configs', () => {
  const secretEnv = 'S';
  it.each([
    [{ url: 'https://a.test/' }, 'secretEnv'],
    [{ secretEnv }, 'url'],
    [{ url: 'ftp://a.test', secretEnv }, 'url'],
    [{ url: 'http://a.test/', secretEnv }, 'is http:// to another machine'],
    [{ url: 'http://127.0.0.1.evil.test/', secretEnv }, 'is http:// to another machine'],
    [{ url: 'https://me:pw@a.test/', secretEnv }, 'holds a user or password'],
    [{ url: 'https://a.test/', secretEnv, secret: 'x' }, 'secret'],
  ])('%j is refused', (given, text) => {
    const { success, error } = webhookConfig.safeParse(given);
    expect(success).toBe(false);
    expect(JSON.stringify(error?.issues)).toContain(text);
  });

  it.each(['http://127.0.0.1:8080/', 'http://localhost/', 'http://[::1]:1/', 'https://a.test/'])('%s is taken', (url) => {
    expect(webhookConfig.safeParse({ url, secretEnv }).success).toBe(true);
  });

  it('http:// is taken where one says so', () => {
    expect(webhookConfig.safeParse({ url: 'http://a.test/', secretEnv, insecure: true }).success).toBe(true);
  });

  it('a secret that is missing is found when it is made', () => {
    const options = webhookConfig.parse({ url: 'https://a.test/', secretEnv: 'AUSPEX_NONE' });
    expect(() => webhook.create(options, fakeContext())).toThrow(/AUSPEX_NONE is empty/);
  });
});

describe('the receiver of the page', () => {
  const page = readFileSync(new URL('../docs/webhook.md', import.meta.url), 'utf8');
  const directory = mkdtempSync(join(tmpdir(), 'auspex-webhook-'));
  let child: ChildProcess | undefined;
  afterEach(() => {
    child?.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  it('verifies, keeps to epochs and keys, and lets a floor lapse', async () => {
    writeFileSync(join(directory, 'receiver.mjs'), page.match(/```js\n([\s\S]*?)```/)?.[1] as string);
    child = spawn(process.execPath, [join(directory, 'receiver.mjs')], {
      env: { ...process.env, PORT: '0', AUSPEX_WEBHOOK_SECRET: SECRET },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const url = await new Promise<string>((resolve) => child?.stdout?.once('data', (data: Buffer) => resolve(String(data).trim())));
    const clock = { now: () => Date.now(), sleep: async () => undefined };
    process.env['AUSPEX_TEST_SECRET'] = SECRET;
    const options = webhookConfig.parse({ url, secretEnv: 'AUSPEX_TEST_SECRET' });
    const create = () => webhook.create(options, fakeContext({ clock }));
    const actuator = create();
    const [now, soon] = [Date.now(), 700];
    expect(await actuator.actuate(order(0, 6, { expires: now + soon, epoch: 2 }, now), never)).toMatchObject({
      status: 'applied',
      units: 6,
    });
    expect((await create().actuate(order(0, 6, { epoch: 2 }, now), never)).status).toBe('duplicate');
    expect((await create().actuate(order(1, 3, { epoch: 1 }, now), never)).detail).toMatch(/epoch 1 is older than 2/);
    const stranger = new HttpWebhook({ url, timeLimit: 3_000 }, Buffer.alloc(32), clock);
    await expect(stranger.read('web', never)).rejects.toThrow(/401/);
    const late = new HttpWebhook({ url, timeLimit: 3_000 }, KEY, { ...clock, now: () => now - 6 * MINUTE });
    await expect(late.read('web', never)).rejects.toThrow(/401/);
    // The receiver itself, past our own mark.
    const direct = new HttpWebhook({ url, timeLimit: 3_000 }, KEY, clock);
    await expect(direct.order({ key: 'k', pool: 'web', units: 9, epoch: 1, mark: null }, never)).rejects.toThrow(/409/);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, now + soon + 50 - Date.now())));
    expect(await actuator.read('web', never)).toEqual({ units: 1, ready: 1 });
    expect(await actuator.actuate(order(1, 4, { epoch: 2 }, now), never)).toMatchObject({ status: 'applied', units: 4 });
  });
});
