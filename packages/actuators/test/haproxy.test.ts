import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Actuator, Order, Receipt } from '@auspex/contracts';
import { fakeContext, ManualClock, runLaws } from '@auspex/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { need, type Server } from '../../../test/servers/index.ts';
import { haproxy, haproxyConfig } from '../src/haproxy/index.ts';
import { Refused, Unavailable } from '../src/target/index.ts';
import { makeHaproxyCase } from './fakes/haproxy.ts';
import { MINUTE, order, START, never as signal } from './orders.ts';

/** An actuator over a fake HAProxy, and orders minute by minute. */
function world(pools?: object, spares = 3, options: object = {}) {
  const subject = makeHaproxyCase(pools, spares);
  const clock = new ManualClock(START);
  const create = (): Actuator =>
    subject.plugin.create(
      haproxyConfig.parse({ ...(subject.with as object), patience: '0s', ...options }) as never,
      fakeContext({ clock }),
    );
  const actuator = create();
  let n = 0;
  return {
    ...subject,
    clock,
    create,
    actuator,
    to: async (units: number, over: Partial<Order> = {}, by = actuator): Promise<Receipt> => {
      await clock.advance(MINUTE);
      return by.actuate(order(++n, units, over), signal);
    },
    admin: () => (subject.fake.backends.get('web') ?? []).map(({ name, admin }) => `${name} ${admin}`).join(', '),
  };
}

describe('haproxy', () => {
  it('obeys the laws', async () => {
    const { results } = await runLaws(() => makeHaproxyCase());
    expect(results.filter(({ outcome }) => outcome === 'broken')).toEqual([]);
    expect(results.filter(({ outcome }) => outcome === 'skipped').map(({ law, seen }) => [law, seen])).toEqual([
      ['a floor that is not renewed lapses', 'it declares lease: keeper'],
    ]);
  });

  it('takes servers in the order of the configuration, and drains what it took first', async () => {
    const { to, admin, fake } = world();
    await to(4);
    expect(admin()).toBe('s1 ready, s2 ready, s3 ready, s4 ready, s5 maint');
    fake.server('s4').sessions = 1;
    await to(1);
    expect(admin()).toBe('s1 ready, s2 drain, s3 drain, s4 drain, s5 maint');
    expect(fake.done.slice(2)).toEqual(['drain web/s4', 'drain web/s3', 'drain web/s2']);
  });

  it('drains before it removes: maintenance when no session is left, or the time is over', async () => {
    const { to, admin, fake } = world();
    await to(4);
    fake.server('s4').sessions = 2;
    fake.server('s3').sessions = 1;
    expect((await to(2)).detail).toBe('s3, s4 draining');
    await to(2);
    expect(admin()).toBe('s1 ready, s2 ready, s3 drain, s4 drain, s5 maint');
    fake.server('s3').sessions = 0;
    await to(2);
    expect(admin()).toBe('s1 ready, s2 ready, s3 maint, s4 drain, s5 maint');
    await to(2);
    await to(2);
    expect(fake.server('s4').admin).toBe('drain');
    // Five minutes after the drain began.
    await to(2);
    expect(fake.server('s4').admin).toBe('maint');
  });

  it('takes back a server that still drains', async () => {
    const { to, admin, fake } = world();
    await to(3);
    fake.server('s3').sessions = 1;
    await to(2);
    expect(await to(3)).toMatchObject({ status: 'applied', units: 3, ready: 2 });
    expect(admin()).toBe('s1 ready, s2 ready, s3 ready, s4 maint, s5 maint');
  });

  it('leaves a server alone that somebody else took out, uses another, and says so', async () => {
    const { to, admin, fake, create } = world();
    await to(3);
    fake.server('s1').admin = 'maint';
    expect(await create().read('web', signal)).toEqual({ units: 2, ready: 1 });
    const receipt = await to(3);
    expect(receipt).toMatchObject({ status: 'applied', units: 3 });
    expect(receipt.detail).toBe('s1 taken out of service by somebody else: left alone until put back; s3, s4 fails its health check');
    expect(admin()).toBe('s1 maint, s2 ready, s3 ready, s4 ready, s5 maint');
    // It stays so when there is nothing else to use.
    expect(await to(5)).toMatchObject({ units: 4, detail: '5 wanted, and the target allows 4 at most' });
    expect(fake.server('s1').admin).toBe('maint');
    fake.server('s1').admin = 'ready';
    expect((await to(5)).units).toBe(5);
  });

  it('leaves a server alone that is out of service at first sight and is no spare of the configuration', async () => {
    const { to, fake } = world();
    fake.server('s2').admin = 'drain';
    const receipt = await to(2);
    expect(receipt.detail).toContain('s2 taken out of service by somebody else');
    expect(fake.server('s2').admin).toBe('drain');
    expect(fake.server('s3').admin).toBe('ready');
  });

  it('keeps a server that somebody else put into service, for handsOff', async () => {
    const { to, admin, fake } = world(undefined, 3, { handsOff: '10m' });
    await to(2);
    fake.server('s5').admin = 'ready';
    fake.server('s5').up = true;
    expect(await to(1)).toMatchObject({ units: 1, detail: 's5 put into service by somebody else: kept for 10m; s1, s2 draining' });
    expect(admin()).toBe('s1 drain, s2 drain, s3 maint, s4 maint, s5 ready');
    expect(await to(0, { min: 0 })).toMatchObject({ units: 1, detail: '0 wanted, and the target keeps 1 at least' });
    for (let n = 0; n < 8; n++) await to(1);
    // Its time is over: it is one as the others.
    expect(await to(0, { min: 0 })).toMatchObject({ units: 0 });
  });

  it('sets again what a start of HAProxy forgot, and takes nothing for the doing of others', async () => {
    const { to, admin, fake, actuator } = world();
    await to(4);
    await to(1);
    await to(1);
    fake.start();
    expect(await actuator.read('web', signal)).toMatchObject({ units: 2 });
    await to(1);
    expect(admin()).toBe('s1 ready, s2 drain, s3 maint, s4 maint, s5 maint');
    await to(4);
    fake.start();
    fake.start();
    const again = await to(4);
    expect(again).toMatchObject({ status: 'applied', units: 4 });
    expect(again.detail).toBe('s3, s4 fails its health check');
    expect(admin()).toBe('s1 ready, s2 ready, s3 ready, s4 ready, s5 maint');
  });

  it('adds servers behind those of the configuration and deletes them when they are drained', async () => {
    const pools = { web: { backend: 'web', weight: 10, add: { addresses: ['10.0.0.1:80', '10.0.0.2:80'], keywords: 'check' } } };
    const { to, admin, fake } = world(pools, 0);
    expect((await to(4)).units).toBe(4);
    expect(fake.done).toEqual([
      ...['added web/auspex1', 'checked web/auspex1', 'ready web/auspex1'],
      ...['added web/auspex2', 'checked web/auspex2', 'ready web/auspex2'],
    ]);
    await to(2);
    fake.server('auspex2').sessions = 1;
    await to(2);
    expect(admin()).toBe('s1 ready, s2 ready, auspex2 drain');
    // Its time is over and a session holds on: out of service first, deleted when HAProxy lets it.
    for (let n = 0; n < 5; n++) await to(2);
    expect(admin()).toBe('s1 ready, s2 ready, auspex2 maint');
    fake.server('auspex2').sessions = 0;
    await to(2);
    expect(admin()).toBe('s1 ready, s2 ready');
    expect((await to(3)).units).toBe(3);
  });

  it('touches listed servers only', async () => {
    const { to, admin } = world({ web: { backend: 'web', servers: ['s4', 's2'] } });
    await to(2);
    expect(admin()).toBe('s1 ready, s2 ready, s3 maint, s4 ready, s5 maint');
    await to(1);
    expect(admin()).toBe('s1 ready, s2 ready, s3 maint, s4 drain, s5 maint');
    expect((await to(4)).units).toBe(2);
  });

  it('uses no server that follows another or has the weight 0, unless it sets weights', async () => {
    const one = world();
    Object.assign(one.fake.server('s3'), { bound: true });
    Object.assign(one.fake.server('s4'), { weight: 0 });
    await one.to(5);
    expect(one.admin()).toBe('s1 ready, s2 ready, s3 maint, s4 maint, s5 ready');
    const other = world({ web: { backend: 'web', weight: 50 } });
    Object.assign(other.fake.server('s3'), { weight: 0 });
    await other.to(3);
    expect(other.fake.server('s3').admin).toBe('ready');
  });

  it('a crash between the note and HAProxy, or between HAProxy and the note, is nobody else’s doing', async () => {
    const { to, fake, create, admin } = world();
    await to(2);
    fake.faults.push(undefined, new Unavailable('killed'));
    await expect(to(3)).rejects.toThrow('killed');
    expect(await to(3, {}, create())).toMatchObject({ units: 3, detail: 's3 fails its health check' });
    fake.faults.push(undefined, undefined, new Unavailable('killed'));
    await expect(to(5)).rejects.toThrow('killed');
    expect(await to(5, {}, create())).toMatchObject({ units: 5, detail: 's3, s4, s5 fails its health check' });
    expect(admin()).toBe('s1 ready, s2 ready, s3 ready, s4 ready, s5 ready');
  });

  it('refuses what HAProxy refuses, in its words', async () => {
    const { to, fake } = world();
    await to(2);
    fake.faults.push(undefined, new Refused('web/s3: HAProxy says: Require "admin"'));
    expect(await to(3)).toMatchObject({ status: 'refused', units: 2, detail: 'web/s3: HAProxy says: Require "admin"' });
    const other = world({ web: { backend: 'web', servers: ['s1', 'x9'] } });
    await expect(other.actuator.read('web', signal)).rejects.toThrow('backend web has no server x9');
    await expect(other.actuator.read('db', signal)).rejects.toThrow('the options name no pool "db"');
  });

  it('a floor is brought back by another instance, which ends the drains too', async () => {
    const { to, clock, create, admin } = world();
    await to(4, { expires: START + 4 * MINUTE });
    const keeper = create();
    expect(await keeper.restore?.('web', signal)).toBeUndefined();
    await clock.advance(4 * MINUTE);
    expect(await keeper.restore?.('web', signal)).toEqual({ pool: 'web', from: 4, units: 2, expired: START + 4 * MINUTE });
    expect(admin()).toBe('s1 ready, s2 ready, s3 drain, s4 drain, s5 maint');
    expect(await keeper.restore?.('web', signal)).toBeUndefined();
    expect(admin()).toBe('s1 ready, s2 ready, s3 maint, s4 maint, s5 maint');
  });

  it('two instances: the older epoch is refused by what the other left', async () => {
    const { to, create } = world();
    const [one, other] = [create(), create()];
    await to(3, { epoch: 5 }, one);
    expect(await to(1, { epoch: 4 }, other)).toMatchObject({ status: 'refused', units: 3 });
  });

  it.each([
    [{ socket: 'admin.sock' }, 'absolute path'],
    [{ pools: {} }, 'names no pool'],
    [{ pools: { web: { backend: 'a b' } } }, 'letters, digits'],
    [{ pools: { web: { backend: 'web' }, api: { backend: 'web' } } }, 'two pools share servers'],
    [{ pools: { web: { backend: 'web', servers: ['s1'] }, api: { backend: 'web', servers: ['s1'] } } }, 'two pools share servers'],
    [{ pools: { web: { backend: 'web', add: { addresses: ['10.0.0.1:80;show'] } } } }, 'address with a port'],
    [{ pools: { web: { backend: 'web', add: { addresses: ['h:80'], keywords: 'check;shutdown' } } } }, 'one line without'],
    [{ drain: 5 }, 'string'],
  ])('refuses the options %j', (options, text) => {
    const result = haproxyConfig.safeParse({ socket: '/run/a.sock', pools: { web: { backend: 'web' } }, ...options });
    expect(JSON.stringify(result.error?.issues)).toContain(text);
  });
});

it('an answer that is cut short, as by a HAProxy that is killed, is no success', async () => {
  const { createServer: listen } = await import('node:net');
  const { RuntimeApi } = await import('../src/haproxy/runtime.ts');
  const dying = listen((socket) => socket.end());
  await new Promise<void>((resolve) => dying.listen(0, '127.0.0.1', resolve));
  try {
    const api = new RuntimeApi(`127.0.0.1:${(dying.address() as { port: number }).port}`, 1_000);
    await expect(api.change('web', { server: 's1', to: 'ready' }, signal)).rejects.toThrow(Unavailable);
    await expect(api.look('web', signal)).rejects.toThrow('closed the connection within the answer');
  } finally {
    dying.close();
  }
});

describe('haproxy, the real one', () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  /** HTTP backends that tell their name; `/hold` is answered when `release` is called. */
  async function backends(count: number) {
    const held: (() => void)[] = [];
    const servers = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const server: HttpServer = createServer((request, response) => {
          const answer = () => void response.end(`s${index + 1}`);
          if (request.url === '/hold') held.push(answer);
          else answer();
        });
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        ends.push(() => {
          server.closeAllConnections();
          server.close();
        });
        return (server.address() as { port: number }).port;
      }),
    );
    return { ports: servers, held };
  }

  const answers = async (address: string, times: number): Promise<Record<string, number>> => {
    const seen: Record<string, number> = {};
    for (let n = 0; n < times; n++) {
      const name = await (await fetch(address, { headers: { connection: 'close' } })).text();
      seen[name] = (seen[name] ?? 0) + 1;
    }
    return seen;
  };

  async function start(context: Parameters<typeof need>[1], ports: readonly number[], spares: number, timeouts = '10s'): Promise<Server> {
    const lines = ports.map(
      (port, index) => `  server s${index + 1} 127.0.0.1:${port}${index >= ports.length - spares ? ' disabled' : ''}`,
    );
    const config = [
      'defaults',
      '  mode http',
      ...['connect', 'client', 'server'].map((what) => `  timeout ${what} ${timeouts}`),
      'frontend fe',
      '  bind 127.0.0.1:@PORT@',
      '  default_backend web',
      'backend web',
      '  balance roundrobin',
      ...lines,
      '',
    ].join('\n');
    const server = await need('haproxy', context, { own: true, config });
    ends.push(() => server.stop());
    return server;
  }

  function actuatorOf(socket: string, given: object = {}): Actuator {
    const leases = mkdtempSync(join(tmpdir(), 'auspex-leases-'));
    ends.push(() => rmSync(leases, { recursive: true, force: true }));
    const options = { socket, leases, patience: '0s', timeLimit: '2s', pools: { web: { backend: 'web' } }, ...given };
    return haproxy.create(haproxyConfig.parse(options), fakeContext());
  }

  it('sends traffic to what is in service, and lets an open request end before the server goes', async (context) => {
    const { ports, held } = await backends(3);
    const server = await start(context, ports, 1);
    const actuator = actuatorOf(server.details['socket'] as string);
    expect(await actuator.read('web', signal)).toEqual({ units: 2, ready: 2 });
    expect(await answers(server.address, 6)).toEqual({ s1: 3, s2: 3 });
    expect(await actuator.actuate(order(1, 3), signal)).toMatchObject({ status: 'applied', units: 3, ready: 3 });
    expect(await answers(server.address, 9)).toEqual({ s1: 3, s2: 3, s3: 3 });

    // One request hangs on each server; then two of them go.
    const open = [1, 2, 3].map(() => fetch(`${server.address}/hold`).then((answer) => answer.text()));
    await expect.poll(() => held.length).toBe(3);
    const receipt = await actuator.actuate(order(2, 1), signal);
    expect(receipt).toMatchObject({ status: 'applied', units: 1, ready: 1, detail: 's2, s3 draining' });
    expect(await answers(server.address, 5)).toEqual({ s1: 5 });
    expect((await actuator.actuate(order(3, 1), signal)).detail).toBe('s2, s3 draining');
    for (const release of held) release();
    expect((await Promise.all(open)).sort()).toEqual(['s1', 's2', 's3']);
    let n = 4;
    await expect.poll(() => actuator.actuate(order(n++, 1), signal).then(({ detail }) => detail)).toBeUndefined();
    expect(await answers(server.address, 5)).toEqual({ s1: 5 });
    await actuator.close?.();
  });

  it('sets again what a HAProxy that was killed forgot, and says when it is gone', async (context) => {
    const { ports } = await backends(4);
    const server = await start(context, ports, 2);
    const actuator = actuatorOf(server.details['socket'] as string);
    await actuator.actuate(order(1, 4), signal);
    expect(await answers(server.address, 8)).toEqual({ s1: 2, s2: 2, s3: 2, s4: 2 });
    await server.kill();
    await expect(actuator.read('web', signal)).rejects.toThrow('HAProxy does not answer');
    await expect(actuator.actuate(order(2, 3), signal)).rejects.toThrow('HAProxy does not answer');
    await server.restart();
    expect(await actuator.read('web', signal)).toEqual({ units: 2, ready: 2 });
    const again = await actuator.actuate(order(2, 3), signal);
    expect(again).toMatchObject({ status: 'applied', units: 3 });
    expect(again.detail).toBeUndefined();
    expect(await answers(server.address, 6)).toEqual({ s1: 2, s2: 2, s3: 2 });
  });

  it('adds a server with a health check, and deletes it again', async (context) => {
    const { ports } = await backends(3);
    const server = await start(context, ports.slice(0, 2), 0);
    const web = { backend: 'web', weight: 1, add: { addresses: [`127.0.0.1:${ports[2]}`], keywords: 'check inter 100ms' } };
    const actuator = actuatorOf(server.details['socket'] as string, { pools: { web } });
    expect(await actuator.actuate(order(1, 5), signal)).toMatchObject({ units: 3, detail: '5 wanted, and the target allows 3 at most' });
    expect(Object.keys(await answers(server.address, 9)).sort()).toEqual(['s1', 's2', 's3']);
    await actuator.actuate(order(2, 2), signal);
    let n = 3;
    const { RuntimeApi } = await import('../src/haproxy/runtime.ts');
    const api = new RuntimeApi(server.details['socket'] as string, 2_000);
    const names = async (): Promise<string[]> => {
      await actuator.actuate(order(n++, 2), signal);
      return (await api.look('web', signal)).servers.map(({ name }) => name);
    };
    await expect.poll(names, { timeout: 10_000 }).toEqual(['s1', 's2']);
  });

  it('names what it may not do, what is not there, and who does not answer', async (context) => {
    const { ports } = await backends(2);
    const server = await start(context, ports, 1);
    const operator = actuatorOf(server.details['tcp'] as string);
    expect(await operator.read('web', signal)).toEqual({ units: 1, ready: 1 });
    expect(await operator.actuate(order(1, 2), signal)).toMatchObject({
      status: 'refused',
      units: 1,
      detail: 'web/s2: permission denied: the stats socket needs `level admin`',
    });
    const nowhere = actuatorOf(server.details['socket'] as string, { pools: { web: { backend: 'nope' } } });
    await expect(nowhere.read('web', signal)).rejects.toThrow('HAProxy has no backend "nope"');
    const silent = await backends(0).then(async () => {
      const { createServer: listen } = await import('node:net');
      const deaf = listen(() => undefined);
      await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
      ends.push(() => deaf.close());
      return `127.0.0.1:${(deaf.address() as { port: number }).port}`;
    });
    await expect(actuatorOf(silent, { timeLimit: '200ms' }).read('web', signal)).rejects.toThrow('did not answer within 200 ms');
  });
});
