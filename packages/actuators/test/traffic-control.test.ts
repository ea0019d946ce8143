import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Actuator } from '@auspex/contracts';
import { fakeContext, ManualClock, runLaws } from '@auspex/testkit';
import { afterEach, describe, expect, it, type TestContext } from 'vitest';
import { Refused, Unavailable } from '../src/target/index.ts';
import { trafficControl, trafficControlConfig } from '../src/traffic-control/index.ts';
import { parseRate } from '../src/traffic-control/rate.ts';
import { makeTrafficControlCase } from './fakes/traffic-control.ts';
import { MINUTE, minutely, order, START, never as signal } from './orders.ts';

const run = promisify(execFile);

/** A class of 10 Mbit that may borrow up to 20. */
function world(web: object = {}, options: object = {}) {
  const subject = makeTrafficControlCase();
  const clock = new ManualClock(START);
  const pools = { web: { dev: 'eth0', classid: '1:10', unit: '10mbit', ...web } };
  const create = (): Actuator =>
    subject.plugin.create(trafficControlConfig.parse({ pools, patience: '0s', ...options }) as never, fakeContext({ clock }));
  const actuator = create();
  return {
    ...subject,
    clock,
    create,
    actuator,
    to: minutely(clock, actuator),
    held: () => {
      const { rate, ceil, prio } = subject.fake.classes.get('1:10') as { rate: number; ceil: number; prio: number };
      return { rate: rate / 1e6, ceil: ceil / 1e6, prio };
    },
  };
}

describe('traffic-control', () => {
  it('obeys the laws', async () => {
    const { results } = await runLaws(makeTrafficControlCase);
    expect(results.filter(({ outcome }) => outcome === 'broken')).toEqual([]);
    expect(results.filter(({ outcome }) => outcome === 'skipped').map(({ law, seen }) => [law, seen])).toEqual([
      ['a floor that is not renewed lapses', 'it declares lease: keeper'],
    ]);
  });

  it('sets the rate and the ceiling, and keeps the priority', async () => {
    const { to, held } = world();
    expect(await to(3)).toMatchObject({ status: 'applied', units: 3, ready: 3 });
    expect(held()).toEqual({ rate: 30, ceil: 30, prio: 3 });
  });

  it('keeps the ceiling where it is told to, and raises it where the rate is higher', async () => {
    const { to, held } = world({ ceil: 'keep' });
    await to(2);
    expect(held()).toEqual({ rate: 20, ceil: 20, prio: 3 });
    await to(1);
    expect(held()).toEqual({ rate: 10, ceil: 20, prio: 3 });
    await to(4);
    expect(held()).toEqual({ rate: 40, ceil: 40, prio: 3 });
  });

  it('a class cannot have no rate', async () => {
    const { to, held } = world();
    expect(await to(0, { min: 0 })).toMatchObject({ status: 'applied', units: 1, detail: '0 wanted, and the target keeps 1 at least' });
    expect(held().rate).toBe(10);
  });

  it('leaves alone what somebody else has set, for handsOff', async () => {
    const { to, fake, held } = world({}, { handsOff: '10m' });
    await to(3);
    fake.set('1:10', { rate: 55e6, ceil: 60e6 });
    expect(await to(3)).toMatchObject({ status: 'refused', units: 6 });
    expect(await to(2)).toMatchObject({ status: 'refused' });
    expect(held()).toEqual({ rate: 55, ceil: 60, prio: 3 });
    expect(await to(8, { after: 10 * MINUTE, expires: START + 60 * MINUTE })).toMatchObject({ status: 'applied', units: 8 });
    await to(9, { expires: START + 61 * MINUTE });
  });

  it('brings back the very rates that were there, by another instance', async () => {
    const { to, clock, create, fake, held } = world();
    fake.set('1:10', { rate: 12.5e6, ceil: 99e6 });
    expect(await to(3, { expires: START + 3 * MINUTE })).toMatchObject({ units: 3 });
    await to(4, { expires: START + 4 * MINUTE });
    await clock.advance(5 * MINUTE);
    expect(await create().restore?.('web', signal)).toEqual({ pool: 'web', from: 4, units: 1, expired: START + 4 * MINUTE });
    expect(held()).toEqual({ rate: 12.5, ceil: 99, prio: 3 });
  });

  it('leaves what somebody else has brought back, though it is not quite the same', async () => {
    const { to, clock, create, fake, held } = world();
    fake.set('1:10', { rate: 12.5e6, ceil: 99e6 });
    await to(3, { expires: START + 3 * MINUTE });
    fake.set('1:10', { rate: 10e6, ceil: 10e6 });
    await clock.advance(5 * MINUTE);
    expect(await create().restore?.('web', signal)).toMatchObject({ units: 1 });
    expect(held()).toEqual({ rate: 10, ceil: 10, prio: 3 });
  });

  it('brings back what somebody else had set, and leaves what they set after that', async () => {
    const { to, clock, create, fake, held } = world({}, { handsOff: '1m' });
    await to(3, { expires: START + 3 * MINUTE });
    fake.set('1:10', { rate: 55e6, ceil: 60e6 });
    await to(3, { expires: START + 4 * MINUTE });
    await to(8, { after: 2 * MINUTE, expires: START + 6 * MINUTE });
    await to(9, { expires: START + 7 * MINUTE });
    await clock.advance(10 * MINUTE);
    expect(await create().restore?.('web', signal)).toMatchObject({ from: 9, units: 6 });
    expect(held()).toEqual({ rate: 55, ceil: 60, prio: 3 });
    await to(9, { expires: START + 20 * MINUTE });
    fake.set('1:10', { rate: 33e6, ceil: 44e6 });
    await clock.advance(10 * MINUTE);
    expect(await create().restore?.('web', signal)).toMatchObject({ from: 3, units: 3 });
    expect(held()).toEqual({ rate: 33, ceil: 44, prio: 3 });
  });

  it('a crash between the note and tc is nobody else’s doing', async () => {
    const { to, fake, create } = world();
    await to(2);
    fake.faults.push(undefined, new Unavailable('killed'));
    await expect(to(5)).rejects.toThrow('killed');
    const change = fake.change.bind(fake);
    fake.change = async (...args) => {
      await change(...args);
      throw new Unavailable('killed');
    };
    await expect(to(7)).rejects.toThrow('killed');
    fake.change = change;
    expect(await to(5, { by: create() })).toMatchObject({ status: 'applied', units: 5 });
  });

  it('refuses a class that is not there or not of HTB, and what tc refuses', async () => {
    const { to, fake, actuator } = world();
    fake.faults.push(undefined, new Refused('tc: RTNETLINK answers: No such file or directory'));
    expect(await to(2)).toMatchObject({ status: 'refused', units: 1, detail: 'tc: RTNETLINK answers: No such file or directory' });
    fake.set('1:10', { kind: 'hfsc' });
    await expect(actuator.read('web', signal)).rejects.toThrow('class 1:10 of eth0 is of hfsc, not htb');
    fake.classes.delete('1:10');
    expect(await to(2)).toMatchObject({ status: 'refused', detail: 'eth0 has no class 1:10: make it, or correct classid' });
    await expect(actuator.read('db', signal)).rejects.toThrow('the options name no pool "db"');
  });

  it('two instances: the older epoch is refused by what the other left', async () => {
    const { to, create } = world();
    await to(3, { epoch: 5, by: create() });
    expect(await to(1, { epoch: 4, by: create() })).toMatchObject({ status: 'refused', units: 3 });
  });

  it.each([
    ['10mbit', 10e6],
    ['24Mbit', 24e6],
    ['3328bit', 3328],
    ['1.5Gbit', 1.5e9],
    ['10mbps', undefined],
    ['fast', undefined],
  ])('reads the rate %s', (text, bits) => expect(parseRate(text)).toBe(bits));

  it.each([
    [{ pools: {} }, 'names no pool'],
    [{ pools: { web: { dev: 'eth0; ls', classid: '1:10', unit: '10mbit' } } }, 'name of a device'],
    [{ pools: { web: { dev: 'eth0', classid: '10', unit: '10mbit' } } }, 'major:minor'],
    [{ pools: { web: { dev: 'eth0', classid: '1:10', unit: '10 Mbit' } } }, 'is a rate'],
    [{ pools: { web: { dev: 'a', classid: '1:A', unit: '1mbit' }, api: { dev: 'a', classid: '1:a', unit: '1mbit' } } }, 'share a class'],
    [{ command: [] }, 'command'],
  ])('refuses the options %j', (options, text) => {
    const result = trafficControlConfig.safeParse({ pools: { web: { dev: 'eth0', classid: '1:10', unit: '10mbit' } }, ...options });
    expect(JSON.stringify(result.error?.issues)).toContain(text);
  });
});

describe('traffic-control, the real one', () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  /** A network namespace with a veth pair that tells nobody of this machine, and HTB on one end: 1:1 of 100 Mbit, 1:10 below it of 8. */
  async function namespace(context: Pick<TestContext, 'skip'>): Promise<readonly string[]> {
    const holder = spawn('unshare', ['--net', 'sh', '-c', 'echo here; exec sleep 1000'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const here = await new Promise<boolean>((resolve) => {
      holder.once('error', () => resolve(false));
      holder.once('exit', () => resolve(false));
      holder.stdout?.once('data', () => resolve(true));
    });
    if (!here) return context.skip('no network namespace can be had here: it takes Linux and root');
    ends.push(() => holder.kill('SIGKILL'));
    const enter = ['nsenter', '-t', String(holder.pid), '-n'];
    const setUp = [
      'ip link add a0 type veth peer name b0',
      'ip addr add 10.9.0.1/24 dev a0',
      'ip link set a0 up',
      'ip link set b0 up',
      // Nobody answers at the other end: no questions are asked.
      'ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev a0',
      'tc qdisc add dev a0 root handle 1: htb default 10',
      'tc class add dev a0 parent 1: classid 1:1 htb rate 100mbit',
      'tc class add dev a0 parent 1:1 classid 1:10 htb rate 8mbit ceil 20mbit prio 3',
    ];
    for (const line of setUp) {
      try {
        await run(enter[0] as string, [...enter.slice(1), ...line.split(' ')]);
      } catch (error) {
        return context.skip(`no HTB over veth here: ${(error as Error).message}`);
      }
    }
    return enter;
  }

  function actuatorOf(enter: readonly string[], web: object = {}): Actuator {
    const leases = mkdtempSync(join(tmpdir(), 'auspex-leases-'));
    ends.push(() => rmSync(leases, { recursive: true, force: true }));
    const pools = { web: { dev: 'a0', classid: '1:10', unit: '8mbit', ...web } };
    return trafficControl.create(trafficControlConfig.parse({ pools, leases, patience: '0s', command: [...enter, 'tc'] }), fakeContext());
  }

  it('changes the class, and what goes through', async (context) => {
    const enter = await namespace(context);
    const call = async (...args: string[]): Promise<string> => (await run(enter[0] as string, [...enter.slice(1), ...args])).stdout;
    const line = async (): Promise<string | undefined> =>
      (await call('tc', 'class', 'show', 'dev', 'a0')).split('\n').find((text) => text.includes(' 1:10 '));
    /** Megabits a second that get through while as much is sent as goes. */
    const through = async (): Promise<number> => {
      const flood = `const s = require('dgram').createSocket('udp4'); const b = Buffer.alloc(1400); const end = Date.now() + 800;
        const next = () => Date.now() < end ? s.send(b, 5000, '10.9.0.2', () => setImmediate(next)) : process.exit();
        for (let i = 0; i < 64; i++) next();`;
      const bytes = async (): Promise<number> =>
        Number(/Sent (\d+) bytes/.exec((await call('tc', '-s', 'class', 'show', 'dev', 'a0')).split('class htb 1:10')[1] ?? '')?.[1]);
      const before = await bytes();
      const since = performance.now();
      await call(process.execPath, '-e', flood);
      return ((await bytes()) - before) / 125 / (performance.now() - since);
    };
    const actuator = actuatorOf(enter);
    expect(await actuator.read('web', signal)).toEqual({ units: 1, ready: 1 });
    await actuator.actuate(order(1, 3), signal);
    expect(await line()).toMatch(/parent 1:1 prio 3 rate 24Mbit ceil 24Mbit/);
    const fast = await through();
    expect(await actuator.actuate(order(2, 1), signal)).toMatchObject({ status: 'applied', units: 1 });
    expect(await line()).toMatch(/parent 1:1 prio 3 rate 8Mbit ceil 8Mbit/);
    const slow = await through();
    // The limit is never passed by much; a machine that is busy may not reach it.
    expect(slow).toBeLessThan(8 * 1.3);
    expect(fast).toBeLessThan(24 * 1.3);
    expect(fast).toBeGreaterThan(slow * 1.5);
  });

  it('a topmost class; words; somebody who deletes the class in the middle; names that are wrong', async (context) => {
    const enter = await namespace(context);
    const call = (...args: string[]): Promise<unknown> => run(enter[0] as string, [...enter.slice(1), ...args]);
    const top = actuatorOf(enter, { classid: '1:1', unit: '10mbit', words: ['burst', '20k'] });
    expect(await top.actuate(order(1, 5), signal)).toMatchObject({ status: 'applied', units: 5 });
    const { stdout } = await run(enter[0] as string, [...enter.slice(1), 'tc', 'class', 'show', 'dev', 'a0', 'classid', '1:1']);
    expect(stdout).toMatch(/class htb 1:1 root rate 50Mbit ceil 50Mbit burst 20Kb/);
    const actuator = actuatorOf(enter);
    await actuator.actuate(order(1, 2), signal);
    await call('tc', 'class', 'del', 'dev', 'a0', 'classid', '1:10');
    expect(await actuator.actuate(order(2, 3), signal)).toMatchObject({
      status: 'refused',
      detail: 'a0 has no class 1:10: make it, or correct classid',
    });
    await call('tc', 'class', 'add', 'dev', 'a0', 'parent', '1:1', 'classid', '1:10', 'htb', 'rate', '16mbit');
    expect(await actuator.actuate(order(2, 3), signal)).toMatchObject({ status: 'applied', units: 3 });
    await expect(actuatorOf(enter, { dev: 'nope' }).read('web', signal)).rejects.toThrow('Cannot find device "nope"');
    // Without the right to: the same command as nobody.
    const nobody = actuatorOf([...enter, 'setpriv', '--reuid', '65534', '--clear-groups', '--bounding-set=-all', '--inh-caps=-all']);
    expect((await nobody.actuate(order(3, 2), signal)).detail).toContain('give CAP_NET_ADMIN');
    const pools = { web: { dev: 'a0', classid: '1:10', unit: '8mbit' } };
    const without = trafficControl.create(trafficControlConfig.parse({ pools, command: ['no-such-tc'], patience: '0s' }), fakeContext());
    await expect(without.read('web', signal)).rejects.toThrow('there is no no-such-tc on the PATH');
  });
});
