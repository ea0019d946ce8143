import { execFile, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Actuator } from '@auspex/contracts';
import { fakeContext, ManualClock, runLaws } from '@auspex/testkit';
import { afterEach, describe, expect, it, type TestContext } from 'vitest';
import { Busctl, MANAGER, METHODS, PROPERTIES } from '../src/systemd/busctl.ts';
import { systemd, systemdConfig } from '../src/systemd/index.ts';
import { Refused, Unavailable } from '../src/target/index.ts';
import { makeSystemdCase } from './fakes/systemd.ts';
import { MINUTE, minutely, order, START, never as signal } from './orders.ts';

/** One instance runs. */
function world(options: object = {}) {
  const subject = makeSystemdCase();
  const clock = new ManualClock(START);
  const given = { ...(subject.with as object), patience: '0s', ...options };
  const create = (): Actuator => subject.plugin.create(systemdConfig.parse(given) as never, fakeContext({ clock }));
  const actuator = create();
  return {
    ...subject,
    clock,
    create,
    actuator,
    to: minutely(clock, actuator),
  };
}

describe('systemd', () => {
  it('obeys the laws', async () => {
    const { results } = await runLaws(makeSystemdCase);
    expect(results.filter(({ outcome }) => outcome === 'broken')).toEqual([]);
    expect(results.filter(({ outcome }) => outcome === 'skipped').map(({ law, seen }) => [law, seen])).toEqual([
      ['a floor that is not renewed lapses', 'it declares lease: keeper'],
    ]);
  });

  it('starts the lowest numbers that are free and stops the highest', async () => {
    const { to, fake } = world();
    fake.services.set('web@3.service', { active: 'active', sub: 'running' });
    expect(await to(4)).toMatchObject({ status: 'applied', units: 4, ready: 2 });
    expect(fake.done).toEqual(['start web@2', 'start web@4']);
    fake.settle('web');
    expect(await to(1)).toMatchObject({ status: 'applied', units: 1, ready: 1 });
    expect(fake.done.slice(2)).toEqual(['stop web@4', 'stop web@3', 'stop web@2']);
  });

  it('leaves instances with other names and lower numbers alone', async () => {
    const { to, fake } = world({ pools: { web: { unit: 'web@.service', first: 10 } } });
    for (const name of ['web@blue', 'web@9', 'web@010', 'web@11'])
      fake.services.set(`${name}.service`, { active: 'active', sub: 'running' });
    expect(await to(3)).toMatchObject({ units: 3 });
    expect(fake.done).toEqual(['start web@10', 'start web@12']);
    await to(0);
    expect(fake.done.slice(2)).toEqual(['stop web@12', 'stop web@11', 'stop web@10']);
  });

  it('starts again what failed, and says so: that is no change by somebody', async () => {
    const { to, fake, actuator } = world();
    await to(3);
    fake.settle('web');
    fake.services.set('web@2.service', { active: 'failed', sub: 'failed' });
    expect(await actuator.read('web', signal)).toEqual({ units: 3, ready: 2 });
    await to(3);
    expect(fake.done.at(-1)).toBe('start web@2');
    fake.services.set('web@2.service', { active: 'failed', sub: 'failed' });
    await to(3, { shadow: true });
    fake.services.set('web@3.service', { active: 'activating', sub: 'auto-restart' });
    expect(await to(3)).toMatchObject({
      status: 'applied',
      units: 3,
      detail: 'web@3.service died and waits for systemd to start it again',
    });
    fake.services.set('web@2.service', { active: 'failed', sub: 'failed' });
    fake.done.length = 0;
    const down = await to(1);
    expect(down).toMatchObject({ status: 'applied', units: 1 });
    expect(fake.done).toEqual(['stop web@3', 'stop web@2']);
    // It failed and is to run no more: no unit, however long it stays loaded.
    expect(await actuator.read('web', signal)).toEqual({ units: 1, ready: 1 });
  });

  it('an instance that fails when it is stopped is no unit', async () => {
    const { to, fake } = world();
    await to(2);
    fake.settle('web');
    await to(1);
    fake.services.set('web@2.service', { active: 'failed', sub: 'failed' });
    expect(await to(1)).toMatchObject({ status: 'applied', units: 1 });
    expect(await to(2)).toMatchObject({ status: 'applied', units: 2 });
  });

  it('leaves the pool alone for handsOff where somebody stopped or started one', async () => {
    const { to, fake } = world({ handsOff: '10m' });
    await to(3);
    fake.settle('web');
    fake.services.delete('web@3.service');
    expect(await to(3)).toMatchObject({ status: 'refused', units: 2 });
    expect((await to(5)).detail).toMatch(/^somebody else set 2: left alone until/);
    expect(await to(5, { after: 10 * MINUTE })).toMatchObject({ status: 'applied', units: 5 });
    fake.services.set('web@9.service', { active: 'active', sub: 'running' });
    expect(await to(5)).toMatchObject({ status: 'refused', units: 6 });
  });

  it('takes a boot for nobody’s doing', async () => {
    const { to, fake, actuator } = world();
    await to(4);
    fake.boot();
    expect(await actuator.read('web', signal)).toEqual({ units: 1, ready: 1 });
    expect(await to(4)).toMatchObject({ status: 'applied', units: 4 });
    // What has failed since the boot and was started before it is nobody's.
    fake.boot();
    fake.services.set('web@2.service', { active: 'failed', sub: 'failed' });
    expect(await actuator.read('web', signal)).toEqual({ units: 1, ready: 1 });
  });

  it('a crash between two starts is nobody’s doing either', async () => {
    const { to, fake, create } = world();
    await to(1);
    fake.faults.push(undefined, undefined, new Unavailable('killed'));
    await expect(to(3)).rejects.toThrow('killed');
    fake.settle('web');
    expect(await to(4, { by: create() })).toMatchObject({ status: 'applied', units: 4 });
    fake.services.delete('web@1.service');
    expect(await to(4)).toMatchObject({ status: 'refused', units: 3 });
  });

  it('refuses what systemd refuses, in its words', async () => {
    const { to, fake, actuator } = world();
    await to(1);
    fake.faults.push(undefined, new Refused('systemd: Unit web@2.service not found.'));
    expect(await to(2)).toMatchObject({ status: 'refused', units: 1, detail: 'systemd: Unit web@2.service not found.' });
    await expect(actuator.read('db', signal)).rejects.toThrow('the options name no pool "db"');
  });

  it('a floor is brought back by another instance', async () => {
    const { to, clock, create, fake } = world();
    await to(4, { expires: START + 4 * MINUTE });
    fake.settle('web');
    await clock.advance(5 * MINUTE);
    expect(await create().restore?.('web', signal)).toEqual({ pool: 'web', from: 4, units: 1, expired: START + 4 * MINUTE });
    fake.settle('web');
    expect(fake.of('web').map(([name]) => name)).toEqual(['web@1.service']);
  });

  it('a floor whose end was cut short halfway is brought back by the next look', async () => {
    const { to, fake, clock, create } = world();
    await to(6, { expires: START + 2 * MINUTE });
    fake.settle('web');
    await clock.advance(2 * MINUTE);
    // Two stops go well, and then the bus is away, or the keeper is killed.
    const stop = fake.stop.bind(fake);
    let stops = 0;
    fake.stop = async (...given) => {
      if (++stops === 3) throw new Unavailable('systemd: Connection timed out');
      await stop(...given);
    };
    await expect(create().restore?.('web', signal)).rejects.toThrow('timed out');
    expect(fake.count('web', 'active')).toBe(4);
    expect(await create().restore?.('web', signal)).toMatchObject({ units: 1 });
    expect(fake.count('web', 'active')).toBe(1);
    expect(await create().restore?.('web', signal)).toBeUndefined();
  });

  it('two instances: the older epoch is refused by what the other left', async () => {
    const { to, create } = world();
    await to(3, { epoch: 5, by: create() });
    expect(await to(1, { epoch: 4, by: create() })).toMatchObject({ status: 'refused', units: 3 });
  });

  it.each([
    [{ pools: {} }, 'names no pool'],
    [{ pools: { web: { unit: 'worker.service' } } }, 'is a template'],
    [{ pools: { web: { unit: 'worker@*.service' } } }, 'is a template'],
    [{ pools: { web: { unit: 'w@.service' }, api: { unit: 'w@.service' } } }, 'two pools share a unit'],
    [{ bus: 'session' }, 'bus'],
  ])('refuses the options %j', (options, text) => {
    const result = systemdConfig.safeParse({ pools: { web: { unit: 'worker@.service' } }, ...options });
    expect(JSON.stringify(result.error?.issues)).toContain(text);
  });

  it('says what is missing', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = '/nowhere';
    try {
      await expect(new Busctl({ bus: 'system', timeLimit: 1_000 }).list('w@*.service', signal)).rejects.toThrow(
        'there is no busctl on the PATH',
      );
    } finally {
      process.env['PATH'] = path;
    }
  });
});

/** Of the interface as `systemd --bus-introspect /org/freedesktop/systemd1` prints it, systemd 252: what is called of it. */
const RECORDED = `
<method name="ListUnitsByPatterns"><arg type="as" name="states" direction="in"/><arg type="as" name="patterns" direction="in"/><arg type="a(ssssssouso)" name="units" direction="out"/></method>
<method name="StartUnit"><arg type="s" name="name" direction="in"/><arg type="s" name="mode" direction="in"/><arg type="o" name="job" direction="out"/></method>
<method name="StopUnit"><arg type="s" name="name" direction="in"/><arg type="s" name="mode" direction="in"/><arg type="o" name="job" direction="out"/></method>
<property name="UserspaceTimestamp" type="t" access="read"></property>
`;

/** Goes into cgroups of its own, and then into namespaces. */
const OUTER = `
set -eu
made=
for line in $(grep -E '^(0:|[0-9]+:name=systemd:)' /proc/self/cgroup); do
  path=\${line#*:*:}
  case $line in
    *name=systemd*) root=/sys/fs/cgroup/systemd ;;
    *) root=/sys/fs/cgroup; if [ -d /sys/fs/cgroup/unified ]; then root=/sys/fs/cgroup/unified; fi ;;
  esac
  mkdir "$root$path/auspex-$$"
  made="$made $root$path/auspex-$$"
  echo "MADE$made"
  echo 0 > "$root$path/auspex-$$/cgroup.procs"
done
exec unshare --cgroup --mount --propagation private --pid --fork --kill-child --mount-proc sh "$INNER"
`;

/** Shows systemd no cgroups but its own; without that it must not run. */
const INNER = `
set -eu
[ -z "$(grep -E '^(0:|[0-9]+:name=systemd:)' /proc/self/cgroup | grep -v ':/$')" ]
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
if [ -d /sys/fs/cgroup/systemd ]; then
  mount -t tmpfs tmpfs /sys/fs/cgroup
  mkdir /sys/fs/cgroup/systemd /sys/fs/cgroup/unified
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
  mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
else
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
"$SYSTEMD" --user --unit=basic.target &
wait
`;

/** Removes a cgroup with those in it; false while a process is in one. */
function removed(cgroup: string): boolean {
  if (!existsSync(cgroup)) return true;
  try {
    for (const entry of readdirSync(cgroup, { withFileTypes: true })) if (entry.isDirectory()) removed(join(cgroup, entry.name));
    rmdirSync(cgroup);
    return true;
  } catch {
    return false;
  }
}

describe('systemd over D-Bus', () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  function agrees(xml: string): void {
    for (const [name, signature] of Object.entries(METHODS)) {
      const [, body = ''] = new RegExp(`<method name="${name}">([\\s\\S]*?)</method>`).exec(xml) ?? [];
      const types = (direction: string): string =>
        [...body.matchAll(new RegExp(`type="([^"]+)"[^>]*direction="${direction}"`, 'g'))].map(([, type]) => type).join('');
      expect({ name, in: types('in'), out: types('out') }).toEqual({ name, ...signature });
    }
    for (const [name, type] of Object.entries(PROPERTIES)) expect(xml).toMatch(new RegExp(`<property name="${name}" type="${type}"`));
  }

  it('calls what the recorded contract has', () => agrees(RECORDED));

  /**
   * A real manager: `systemd --user` in namespaces of its own. A /run there says that the machine was booted by systemd, as it asks for. It moves
   * processes between cgroups, so it is put into one of its own and sees no other. Its bus is reached from outside. It ends with its namespace,
   * whatever it has started.
   */
  async function manager(context: Pick<TestContext, 'skip'>) {
    const program = ['/usr/lib/systemd/systemd', '/lib/systemd/systemd'].find((path) => existsSync(path));
    if (process.getuid?.() !== 0 || !program) return context.skip('a manager of its own needs root, and systemd on this machine');
    const directory = mkdtempSync(join(tmpdir(), 'auspex-sd-'));
    const [units, run, inner, outer] = ['units', 'r', 'inner.sh', 'outer.sh'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
      string,
    ];
    mkdirSync(units);
    mkdirSync(run);
    chmodSync(run, 0o700);
    writeFileSync(join(units, 'worker@.service'), '[Service]\nExecStart=/bin/sleep 1000\n');
    writeFileSync(join(units, 'slow@.service'), '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 0.5\n');
    writeFileSync(join(units, 'ill@.service'), '[Service]\nType=oneshot\nExecStart=/bin/false\n');
    writeFileSync(outer, OUTER);
    writeFileSync(inner, INNER);
    const boot = async () => {
      rmSync(join(run, 'bus'), { force: true });
      const env = { PATH: process.env['PATH'], INNER: inner, XDG_RUNTIME_DIR: run, SYSTEMD_UNIT_PATH: `${units}:`, SYSTEMD: program };
      const child = spawn('sh', [outer], { stdio: ['ignore', 'pipe', 'ignore'], env });
      let said = '';
      child.stdout.on('data', (text) => {
        said += String(text);
      });
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      const end = async (): Promise<void> => {
        child.kill('SIGKILL');
        await gone;
        const made = [...said.matchAll(/^MADE (.*)$/gm)].at(-1)?.[1]?.split(' ') ?? [];
        await expect.poll(() => made.map(removed)).toEqual(made.map(() => true));
      };
      ends.push(end);
      return { end, gone };
    };
    ends.push(() => rmSync(directory, { recursive: true, force: true }));
    let running = await boot();
    const address = `unix:path=${join(run, 'bus')}`;
    const client = new Busctl({ bus: 'user', address, timeLimit: 3_000 });
    const answers = async (): Promise<boolean> =>
      client.list('none@*.service', signal).then(
        () => true,
        () => false,
      );
    const up = await Promise.race([
      running.gone.then(() => false),
      expect
        .poll(answers, { timeout: 10_000, interval: 100 })
        .toBe(true)
        .then(
          () => true,
          () => false,
        ),
    ]);
    if (!up) return context.skip('no systemd manager comes up here: namespaces or cgroups are not to be had');
    return {
      address,
      client,
      kill: () => running.end(),
      async reboot() {
        await running.end();
        running = await boot();
        await expect.poll(answers, { timeout: 10_000, interval: 100 }).toBe(true);
      },
    };
  }

  function actuatorOf(address: string, unit = 'worker@.service'): Actuator {
    const leases = mkdtempSync(join(tmpdir(), 'auspex-leases-'));
    ends.push(() => rmSync(leases, { recursive: true, force: true }));
    return systemd.create(systemdConfig.parse({ address, leases, patience: '0s', pools: { web: { unit } } }), fakeContext());
  }

  it('against a real manager: up, down, stopped by hand, killed, booted anew', async (context) => {
    const { address, client, kill, reboot } = await manager(context);
    const { stdout } = await promisify(execFile)('busctl', [
      ...[`--address=${address}`, 'introspect', '--xml-interface', 'org.freedesktop.systemd1', '/org/freedesktop/systemd1', MANAGER],
    ]);
    agrees(stdout);
    const actuator = actuatorOf(address);
    const read = (): Promise<object> => actuator.read('web', signal);
    const names = async (): Promise<string[]> => (await client.list('worker@*.service', signal)).services.map(({ name }) => name).sort();
    expect(await read()).toEqual({ units: 0, ready: 0 });
    expect(await actuator.actuate(order(1, 3), signal)).toMatchObject({ status: 'applied', units: 3 });
    await expect.poll(read).toEqual({ units: 3, ready: 3 });
    expect(await names()).toEqual(['worker@1.service', 'worker@2.service', 'worker@3.service']);
    expect(await actuator.actuate(order(2, 1), signal)).toMatchObject({ status: 'applied', units: 1, ready: 1 });
    await expect.poll(names).toEqual(['worker@1.service']);
    // By hand.
    await client.start('worker@7.service', signal);
    expect(await actuator.actuate(order(3, 3), signal)).toMatchObject({ status: 'refused', units: 2 });

    await kill();
    await expect(read()).rejects.toThrow('systemd: Failed to connect to bus');
    await expect(actuator.actuate(order(4, 3), signal)).rejects.toThrow('systemd: Failed to connect to bus');
    await reboot();
    expect(await read()).toEqual({ units: 0, ready: 0 });
    const other = actuatorOf(address);
    await other.actuate(order(5, 2), signal);
    await reboot();
    expect(await other.actuate(order(6, 2), signal)).toMatchObject({ status: 'applied', units: 2 });
  });

  it('against a real manager: not ready while it starts, failed ones named, no such template', async (context) => {
    const { address, client } = await manager(context);
    const slow = actuatorOf(address, 'slow@.service');
    expect(await slow.actuate(order(1, 2), signal)).toMatchObject({ status: 'applied', units: 2, ready: 0 });
    await expect.poll(() => slow.read('web', signal), { timeout: 5_000 }).toEqual({ units: 2, ready: 2 });
    const ill = actuatorOf(address, 'ill@.service');
    await ill.actuate(order(1, 1), signal);
    await expect.poll(async () => (await client.list('ill@*.service', signal)).services[0]?.active).toBe('failed');
    expect(await ill.read('web', signal)).toEqual({ units: 1, ready: 0 });
    const none = actuatorOf(address, 'none@.service');
    expect(await none.actuate(order(1, 1), signal)).toMatchObject({
      status: 'refused',
      units: 0,
      detail: 'systemd: Unit none@1.service not found.',
    });
  });
});
