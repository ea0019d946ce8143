import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as listen } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Actuator } from '@auspex/contracts';
import { fakeContext, ManualClock, runLaws } from '@auspex/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { need } from '../../../test/servers/index.ts';
import { redfish, redfishConfig } from '../src/redfish/index.ts';
import { Refused, Unavailable } from '../src/target/index.ts';
import { makeRedfishCase, systemOf } from './fakes/redfish.ts';
import { MINUTE, minutely, order, START, never as signal } from './orders.ts';

/** Five hosts, two of them on. */
function world(options: object = {}) {
  const subject = makeRedfishCase(5);
  const clock = new ManualClock(START);
  const given = { ...(subject.with as object), cyclesPerDay: 4, patience: '0s', ...options };
  const create = (): Actuator => subject.plugin.create(redfishConfig.parse(given) as never, fakeContext({ clock }));
  const actuator = create();
  return {
    ...subject,
    clock,
    create,
    actuator,
    to: minutely(clock, actuator),
    wanted: () => subject.fake.of('web').map(({ wanted }) => (wanted === 'On' ? 1 : 0)),
  };
}

describe('redfish', () => {
  it('obeys the laws', async () => {
    const { results } = await runLaws(() => makeRedfishCase());
    expect(results.filter(({ outcome }) => outcome === 'broken')).toEqual([]);
    expect(results.filter(({ outcome }) => outcome === 'skipped').map(({ law, seen }) => [law, seen])).toEqual([
      ['a floor that is not renewed lapses', 'it declares lease: keeper'],
    ]);
  });

  it('turns hosts on in the order of the config, and shuts down what it turned on first', async () => {
    const { to, fake, wanted, actuator } = world();
    expect(await to(4)).toMatchObject({ status: 'applied', units: 4, ready: 2 });
    expect(fake.done).toEqual(['On web3', 'On web4']);
    fake.settle('web');
    expect(await actuator.read('web', signal)).toEqual({ units: 4, ready: 4 });
    expect(await to(1)).toMatchObject({ units: 1, ready: 1 });
    expect(fake.done.slice(2)).toEqual(['GracefulShutdown web4', 'GracefulShutdown web3', 'GracefulShutdown web2']);
    expect(wanted()).toEqual([1, 0, 0, 0, 0]);
  });

  it.each([
    ['the host says that it serves', true],
    ['nobody says whether the host is on', false],
  ])('a BMC that is silent at the first order makes no floor go back to fewer hosts than were on: %s', async (_, asked) => {
    const hosts = Array.from({ length: 5 }, (_, index) => ({
      system: systemOf('web', index + 1),
      ...(asked && { health: `${systemOf('web', index + 1)}/health` }),
    }));
    const { to, fake, wanted, clock, create } = world({ pools: { web: { hosts } } });
    fake.host(2).silent = true;
    await to(3, { expires: START + 3 * MINUTE });
    fake.settle('web');
    fake.host(2).silent = false;
    await clock.advance(3 * MINUTE);
    expect(await create().restore?.('web', signal)).toMatchObject({ units: 2 });
    expect(wanted()).toEqual([1, 1, 0, 0, 0]);
  });

  it('a BMC that is silent when a floor has run out leaves no host on for good', async () => {
    const { to, fake, wanted, clock, create } = world();
    await to(4, { expires: START + 3 * MINUTE });
    fake.settle('web');
    Object.assign(fake.host(4), { silent: true, healthy: false });
    await clock.advance(3 * MINUTE);
    await expect(create().restore?.('web', signal)).rejects.toThrow('may still be on: https://web4 does not answer');
    fake.host(4).silent = false;
    expect(await create().restore?.('web', signal)).toMatchObject({ units: 2 });
    expect(wanted()).toEqual([1, 1, 0, 0, 0]);
    expect(await create().restore?.('web', signal)).toBeUndefined();
  });

  it('a host that is on and does not answer is not ready', async () => {
    const { to, fake, actuator } = world();
    await to(3);
    fake.host(3).power = 'On';
    expect(await actuator.read('web', signal)).toEqual({ units: 3, ready: 2 });
  });

  it('forces off what does not shut down', async () => {
    const { to, fake } = world({ shutdownGrace: '3m' });
    fake.host(2).stubborn = true;
    await to(1);
    await to(1);
    await to(1);
    expect(fake.done).toEqual(['GracefulShutdown web2']);
    expect((await to(1)).units).toBe(1);
    expect(fake.done).toEqual(['GracefulShutdown web2', 'ForceOff web2']);
    await to(1);
    expect(fake.done).toHaveLength(2);
  });

  it('forces nothing off whose BMC does not answer, and is not held up by it', async () => {
    const { to, fake } = world({ shutdownGrace: '1m' });
    Object.assign(fake.host(2), { stubborn: true });
    await to(1);
    fake.host(2).silent = true;
    expect(await to(1)).toMatchObject({ status: 'applied', units: 1 });
    fake.host(2).silent = false;
    await to(1);
    expect(fake.done.at(-1)).toBe('ForceOff web2');
  });

  it('does not turn on again what has had its cycles and was powered off by somebody else', async () => {
    const { to, fake } = world({ cyclesPerDay: 1, handsOff: '2m' });
    await to(3);
    fake.settle('web');
    await to(3);
    Object.assign(fake.host(3), { power: 'Off', wanted: 'Off', healthy: false });
    await to(2);
    await to(2, { after: 5 * MINUTE });
    expect(await to(5)).toMatchObject({ units: 4, detail: '5 wanted, and the target allows 4 at most' });
    expect(fake.done.filter((each) => each === 'On web3')).toHaveLength(1);
  });

  it('turns one off by force that has not come up', async () => {
    const { to, fake } = world();
    await to(3);
    await to(2);
    expect(fake.done).toEqual(['On web3', 'ForceOff web3']);
  });

  it('keeps the floor, whatever is ordered', async () => {
    const { to, wanted } = world();
    expect(await to(0)).toMatchObject({ status: 'applied', units: 1, detail: '0 wanted, and the target keeps 1 at least' });
    expect(wanted()).toEqual([1, 0, 0, 0, 0]);
  });

  it('leaves a host alone that somebody powered off, for handsOff, and uses another', async () => {
    const { to, fake, wanted } = world({ handsOff: '10m' });
    await to(3);
    fake.settle('web');
    await to(3);
    Object.assign(fake.host(3), { power: 'Off', wanted: 'Off', healthy: false });
    const receipt = await to(3);
    expect(receipt).toMatchObject({ status: 'applied', units: 3 });
    expect(receipt.detail).toBe(`${systemOf('web', 3)} is left alone for 10m: somebody or something powered it off`);
    expect(wanted()).toEqual([1, 1, 0, 1, 0]);
    for (let n = 0; n < 9; n++) expect((await to(5)).units).toBe(4);
    // Its time is over.
    expect((await to(5)).units).toBe(5);
  });

  it('tells a host that does not come up to be off, leaves it alone, and uses another', async () => {
    const { to, fake, wanted } = world({ boot: '5m' });
    await to(3);
    fake.host(3).power = 'On';
    for (let n = 0; n < 4; n++) expect((await to(3)).units).toBe(3);
    const receipt = await to(3);
    expect(receipt).toMatchObject({ status: 'applied', units: 3 });
    expect(receipt.detail).toBe(`${systemOf('web', 3)} is left alone for 1h: it did not come up`);
    expect(wanted()).toEqual([1, 1, 0, 1, 0]);
    // A host that serves and falls ill is still a unit: that is for others to mend.
    fake.settle('web');
    await to(3);
    fake.host(4).healthy = false;
    expect(await to(3)).toMatchObject({ units: 3, ready: 2 });
  });

  it('does not turn off for handsOff what somebody else has turned on', async () => {
    const { to, fake } = world({ handsOff: '5m' });
    await to(2);
    Object.assign(fake.host(5), { power: 'On', wanted: 'On', healthy: true });
    expect((await to(2)).units).toBe(2);
    expect(fake.done).toEqual(['GracefulShutdown web2']);
    await to(1);
    expect(fake.done).toEqual(['GracefulShutdown web2', 'GracefulShutdown web1']);
    // Its time is over: it goes as any other.
    await to(2, { after: 10 * MINUTE });
    fake.settle('web');
    fake.host(3).silent = true;
    await to(1);
    expect(fake.done.at(-1)).toBe('GracefulShutdown web5');
  });

  it('turns a host on a few times a day at most, and leaves it on then', async () => {
    const { to, fake, clock } = world({ cyclesPerDay: 2 });
    for (let n = 0; n < 2; n++) {
      await to(3);
      fake.settle('web');
      if (n === 0) {
        await to(2);
        fake.settle('web');
      }
    }
    await to(3);
    const kept = await to(2);
    // Another goes in its place: web3 has had its two cycles.
    expect(kept.detail).toBe(`${systemOf('web', 3)} was turned on 2 times in 24 hours and stays on`);
    expect(fake.host(3).wanted).toBe('On');
    expect(fake.host(2).wanted).toBe('Off');
    expect(fake.done.filter((each) => each === 'On web3')).toHaveLength(2);
    await clock.advance(24 * 60 * MINUTE);
    await to(1);
    expect(fake.host(3).wanted).toBe('Off');
  });

  it('a BMC that does not answer holds up no other; its host is not used', async () => {
    const { to, fake, actuator, wanted } = world();
    fake.host(3).silent = true;
    const receipt = await to(3);
    expect(receipt).toMatchObject({ status: 'applied', units: 3, detail: `${systemOf('web', 3)}: https://web3 does not answer` });
    expect(wanted()).toEqual([1, 1, 0, 1, 0]);
    // A host that answers itself serves, whatever its BMC does; it is not turned off either.
    fake.host(1).silent = true;
    fake.settle('web');
    expect(await actuator.read('web', signal)).toEqual({ units: 3, ready: 3 });
    expect((await to(0)).units).toBe(1);
    expect(fake.host(1).wanted).toBe('On');
    fake.host(1).healthy = false;
    expect(await actuator.read('web', signal)).toEqual({ units: 0, ready: 0 });
  });

  it('no BMC answers: reading rejects', async () => {
    const { actuator, fake } = world();
    fake.failing = true;
    await expect(actuator.read('web', signal)).rejects.toThrow('https://web1 does not answer');
  });

  it('uses the next where a BMC refuses, and says no when all do', async () => {
    const { to, fake, wanted } = world();
    fake.host(3).faults = [new Refused('answers HTTP 501')];
    const receipt = await to(3);
    expect(receipt).toMatchObject({ status: 'applied', units: 3, detail: `${systemOf('web', 3)} is left alone for 1h: answers HTTP 501` });
    expect(wanted()).toEqual([1, 1, 0, 1, 0]);
    fake.host(5).faults = [new Refused('answers HTTP 403')];
    expect(await to(5)).toMatchObject({ status: 'refused', units: 3, detail: 'answers HTTP 403' });
    const other = world();
    for (const index of [3, 4, 5]) other.fake.host(index).faults = [new Refused('answers HTTP 403')];
    expect(await other.to(3)).toMatchObject({ status: 'refused', units: 2, detail: 'answers HTTP 403' });
  });

  it('an answer that is lost is nobody else’s doing, and counts as a cycle', async () => {
    const { to, fake, ledgers, actuator } = world();
    fake.host(3).faults = [new Unavailable('no answer')];
    await expect(to(3)).rejects.toThrow('no answer');
    expect(await actuator.read('web', signal)).toMatchObject({ units: 2 });
    // It went through.
    Object.assign(fake.host(3), { power: 'On', wanted: 'On', healthy: false });
    expect(await to(3)).toMatchObject({ status: 'applied', units: 3 });
    expect((await ledgers.read('web'))?.hosts[systemOf('web', 3)]).toMatchObject({ state: 'starting', by: 'auspex' });
    expect((await ledgers.read('web'))?.hosts[systemOf('web', 3)]?.cycles).toHaveLength(1);
    fake.settle('web');
    await to(3);
    fake.host(3).faults = [new Unavailable('no answer')];
    await expect(to(2)).rejects.toThrow('no answer');
    Object.assign(fake.host(3), { power: 'Off', wanted: 'Off', healthy: false });
    const after = await to(2);
    expect(after).toMatchObject({ units: 2 });
    expect(after.detail).toBeUndefined();
  });

  it('a floor is brought back by another instance, which forces off too', async () => {
    const { to, clock, create, fake, wanted } = world();
    await to(4, { expires: START + 4 * MINUTE });
    fake.settle('web');
    await to(4, { expires: START + 4 * MINUTE });
    fake.host(4).stubborn = true;
    await clock.advance(5 * MINUTE);
    const keeper = create();
    expect(await keeper.restore?.('web', signal)).toEqual({ pool: 'web', from: 4, units: 2, expired: START + 4 * MINUTE });
    expect(wanted()).toEqual([1, 1, 0, 0, 0]);
    await clock.advance(5 * MINUTE);
    expect(await keeper.restore?.('web', signal)).toBeUndefined();
    expect(fake.done.at(-1)).toBe('ForceOff web4');
  });

  it('two instances: the older epoch is refused by what the other left', async () => {
    const { to, create } = world();
    await to(3, { epoch: 5, by: create() });
    expect(await to(1, { epoch: 4, by: create() })).toMatchObject({ status: 'refused', units: 3 });
  });

  it.each([
    [{ pools: {} }, 'names no pool'],
    [{ pools: { web: { hosts: [] } } }, 'hosts'],
    [{ pools: { web: { hosts: [{ system: 'ftp://bmc' }] } } }, 'system'],
    [{ pools: { web: { hosts: [{ system: 'https://root:secret@bmc/1' }] } } }, 'holds a user or password: give userEnv and passwordEnv'],
    [{ pools: { web: { hosts: [{ system: 'https://bmc/1', health: 'https://key@host/health' }] } } }, 'holds a user or password'],
    [{ pools: { web: { hosts: [{ system: 'http://b/1' }] }, api: { hosts: [{ system: 'http://b/1' }] } } }, 'a host stands twice'],
    [{ cyclesPerDay: 0 }, 'cyclesPerDay'],
  ])('refuses the options %j', (options, text) => {
    const result = redfishConfig.safeParse({ pools: { web: { hosts: [{ system: 'http://b/1' }] } }, ...options });
    expect(JSON.stringify(result.error?.issues)).toContain(text);
  });

  it('names a variable or file that cannot be read', () => {
    const make = (options: object) =>
      redfish.create(redfishConfig.parse({ pools: { web: { hosts: [{ system: 'http://b/1' }] } }, ...options }), fakeContext());
    expect(() => make({ userEnv: 'AUSPEX_NO_SUCH_VARIABLE' })).toThrow('the environment variable AUSPEX_NO_SUCH_VARIABLE is empty');
    expect(() => make({ ca: '/nowhere.pem' })).toThrow('cannot be read: /nowhere.pem');
  });
});

describe('redfish over HTTP', () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  function actuatorOf(hosts: object[], given: object = {}, clock?: ManualClock): Actuator {
    const leases = mkdtempSync(join(tmpdir(), 'auspex-leases-'));
    ends.push(() => rmSync(leases, { recursive: true, force: true }));
    const options = { leases, patience: '0s', timeLimit: '2s', pools: { web: { hosts } }, ...given };
    return redfish.create(redfishConfig.parse(options), fakeContext(clock ? { clock } : {}));
  }

  async function bmc(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as { port: number }).port}/redfish/v1/Systems/1`;
  }

  it.each([
    [401, 'give userEnv and passwordEnv', 'refused'],
    [404, 'answers HTTP 404', 'refused'],
    [501, 'answers HTTP 501', 'refused'],
    [500, 'answers HTTP 500', 'rejected'],
    [503, 'answers HTTP 503', 'rejected'],
    [429, 'answers HTTP 429', 'rejected'],
  ])('HTTP %i', async (status, text, what) => {
    const system = await bmc((_, response) => {
      response.statusCode = status;
      response.end(JSON.stringify({ error: { message: 'a BMC says so' } }));
    });
    const outcome = await actuatorOf([{ system }])
      .actuate(order(1, 1), signal)
      .catch((error: Error) => ({ status: 'rejected', detail: error.message }));
    expect(outcome.status).toBe(what);
    expect(outcome.detail).toContain(text);
    expect(outcome.detail).toContain('a BMC says so');
  });

  it('sends the user and password, to the BMC alone, and resets where the BMC says', async () => {
    const seen: string[] = [];
    let power = 'Off';
    let target = '/redfish/v1/Systems/1/Actions/Reset';
    const system = await bmc((request, response) => {
      seen.push(`${request.method} ${request.url} ${Buffer.from(request.headers.authorization?.slice(6) ?? '', 'base64')}`);
      if (request.method === 'POST') power = 'On';
      const allowed = { 'ResetType@Redfish.AllowableValues': ['On', 'ForceOff'] };
      response.end(JSON.stringify({ PowerState: power, Actions: { '#ComputerSystem.Reset': { target, ...allowed } } }));
    });
    process.env['AUSPEX_TEST_BMC_USER'] = 'root';
    process.env['AUSPEX_TEST_BMC_PASSWORD'] = 'calvin';
    ends.push(() => {
      delete process.env['AUSPEX_TEST_BMC_USER'];
      delete process.env['AUSPEX_TEST_BMC_PASSWORD'];
    });
    const env = { userEnv: 'AUSPEX_TEST_BMC_USER', passwordEnv: 'AUSPEX_TEST_BMC_PASSWORD' };
    const actuator = actuatorOf([{ system }], env);
    expect(await actuator.actuate(order(1, 1), signal)).toMatchObject({ status: 'applied', units: 1, ready: 1 });
    expect(seen).toContain('POST /redfish/v1/Systems/1/Actions/Reset root:calvin');
    const other = actuatorOf([{ system }, { system: system.replace('/1', '/2') }], {
      ...env,
      pools: { web: { hosts: [{ system }], floor: 0 } },
    });
    expect((await other.actuate(order(1, 0), signal)).detail).toBe(`${system} knows no reset GracefulShutdown: it allows On, ForceOff`);
    power = 'Off';
    target = 'http://elsewhere.example/reset';
    const sent = seen.length;
    expect((await actuatorOf([{ system }], env).actuate(order(1, 1), signal)).detail).toContain('sends resets to another server');
    expect(seen.slice(sent).filter((each) => each.startsWith('POST'))).toEqual([]);
  });

  it('a BMC that is silent costs the time limit once, and holds up no other', async () => {
    const deaf = listen(() => undefined);
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    ends.push(() => deaf.close());
    const silent = `http://127.0.0.1:${(deaf.address() as { port: number }).port}/redfish/v1/Systems/1`;
    const system = await bmc((_, response) => response.end(JSON.stringify({ PowerState: 'On' })));
    const actuator = actuatorOf([{ system: silent }, { system }], { timeLimit: '200ms' });
    expect(await actuator.read('web', signal)).toEqual({ units: 1, ready: 1 });
    await expect(actuatorOf([{ system: silent }], { timeLimit: '200ms' }).read('web', signal)).rejects.toThrow(
      'did not answer within 200 ms',
    );
  });

  it('against an emulator: on, ready with the host, off; through a restart of the BMC', async (context) => {
    const server = await need('redfish', context, { own: true, hosts: 3 });
    ends.push(() => server.stop());
    let serves = false;
    const health = await bmc((_, response) => {
      response.statusCode = serves ? 200 : 503;
      response.end();
    });
    const hosts = [{ system: server.details['host1'], health }, { system: server.details['host2'] }, { system: server.details['host3'] }];
    const clock = new ManualClock(START);
    const actuator = actuatorOf(hosts, {}, clock);
    const read = (): Promise<object> => actuator.read('web', signal);
    expect(await read()).toEqual({ units: 0, ready: 0 });
    expect(await actuator.actuate(order(1, 2), signal)).toMatchObject({ status: 'applied', units: 2, ready: 0 });
    await expect.poll(read, { timeout: 10_000, interval: 200 }).toEqual({ units: 2, ready: 1 });
    serves = true;
    expect(await read()).toEqual({ units: 2, ready: 2 });
    expect(await actuator.actuate(order(2, 2), signal)).toMatchObject({ units: 2, ready: 2 });

    await server.kill();
    // The first host answers itself; of the second nothing is known.
    await expect(read()).rejects.toThrow('does not answer');
    await expect(actuator.actuate(order(3, 3), signal)).rejects.toThrow('does not answer');
    await server.restart();
    expect(await read()).toEqual({ units: 2, ready: 2 });

    expect(await actuator.actuate(order(3, 1), signal)).toMatchObject({ status: 'applied', units: 1, ready: 1 });
    const power = async (): Promise<unknown> =>
      ((await (await fetch(server.details['host2'] as string)).json()) as { PowerState: string }).PowerState;
    await expect.poll(power, { timeout: 10_000, interval: 200 }).toBe('Off');
    expect(await read()).toEqual({ units: 1, ready: 1 });
    // Somebody turns the first off.
    await fetch(`${server.details['host1']}/Actions/ComputerSystem.Reset`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"ResetType":"ForceOff"}',
    });
    await expect.poll(read, { timeout: 10_000, interval: 200 }).toEqual({ units: 0, ready: 0 });
    const receipt = await actuator.actuate(order(4, 1), signal);
    expect(receipt).toMatchObject({ status: 'applied', units: 1, ready: 0 });
    expect(receipt.detail).toContain('somebody or something powered it off');
  });

  it('names a system that is not there', async (context) => {
    const server = await need('redfish', context, { own: true, hosts: 1 });
    ends.push(() => server.stop());
    const system = `${server.address}/redfish/v1/Systems/nope`;
    await expect(actuatorOf([{ system }]).read('web', signal)).rejects.toThrow('answers HTTP 404');
  });
});
