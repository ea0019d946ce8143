import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Actuator, Order } from '@auspex/contracts';
import { fakeContext, ManualClock, runLaws } from '@auspex/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { freeRow } from '../../../test/servers/process.ts';
import { processConfig, processes } from '../src/process/index.ts';
import { System } from '../src/process/system.ts';
import { Refused } from '../src/target/index.ts';
import { makeProcessCase } from './fakes/process.ts';
import { MINUTE, minutely, order, START, never as signal } from './orders.ts';

function world(options: object = {}) {
  const subject = makeProcessCase();
  const clock = new ManualClock(START);
  const create = (): Actuator =>
    subject.plugin.create(
      processConfig.parse({ ...(subject.with as object), patience: '0s', ...options }) as never,
      fakeContext({ clock }),
    );
  const actuator = create();
  return {
    ...subject,
    clock,
    create,
    actuator,
    to: minutely(clock, actuator),
  };
}

describe('process', () => {
  it('obeys the laws', async () => {
    const { results } = await runLaws(makeProcessCase);
    expect(results.filter(({ outcome }) => outcome === 'broken')).toEqual([]);
    expect(results.filter(({ outcome }) => outcome === 'skipped').map(({ law, seen }) => [law, seen])).toEqual([
      ['a floor that is not renewed lapses', 'it declares lease: none'],
      ['a keeper brings the original back', 'it declares lease: none'],
    ]);
  });

  it('stops the highest numbers, with SIGTERM once and SIGKILL after grace', async () => {
    const { to, fake } = world({ pools: { web: { command: ['worker'], grace: '90s' } } });
    await to(3);
    fake.stubborn = true;
    fake.done.length = 0;
    expect(await to(1)).toMatchObject({ status: 'applied', units: 1 });
    expect(fake.done).toEqual(['SIGTERM web/2', 'SIGTERM web/3']);
    await to(1);
    expect(fake.done).toHaveLength(2);
    expect(fake.slots()).toEqual([1, 2, 3]);
    await to(1);
    expect(fake.done.slice(2)).toEqual(['SIGKILL web/2', 'SIGKILL web/3']);
    expect(fake.slots()).toEqual([1]);
  });

  it('gives a number to nobody while its worker still ends', async () => {
    const { to, fake } = world({ pools: { web: { command: ['worker'], grace: '10m' } } });
    await to(2);
    fake.stubborn = true;
    await to(1);
    expect((await to(2)).units).toBe(2);
    expect(fake.slots()).toEqual([1, 2, 3]);
  });

  it('starts a worker again that died, later each time, and says so', async () => {
    const { to, fake, actuator, clock } = world({ restart: { first: '10s', max: '30s', reset: '1m' } });
    await to(2);
    fake.settle('web');
    const die = (): void => void fake.processes.delete(fake.pidOf(2));
    die();
    expect(await actuator.read('web', signal)).toEqual({ units: 2, ready: 1 });
    // It ran for a minute: at once.
    await to(2);
    expect(fake.slots()).toEqual([1, 2]);
    const starts = (): number => fake.done.filter((each) => each === 'start web/2').length;
    expect(starts()).toBe(2);
    for (const [row, wait] of [
      [2, 10],
      [3, 20],
      [4, 30],
      [5, 30],
    ]) {
      die();
      const receipt = await to(2, { after: 1_000 });
      expect(receipt).toMatchObject({ status: 'applied', units: 2, ready: 1 });
      expect(receipt.detail).toBe(`worker 2 died ${row} times in a row, comes again in ${wait}s`);
      await to(2, { after: (wait as number) * 1_000 - 1 });
      expect(fake.slots()).toEqual([1]);
      expect((await to(2, { after: 1 })).detail).toBeUndefined();
      expect(fake.slots()).toEqual([1, 2]);
    }
    await clock.advance(MINUTE);
    die();
    await to(2, { after: 0 });
    expect(fake.slots()).toEqual([1, 2]);
  });

  it('a shadow starts nobody again', async () => {
    const { to, fake, actuator } = world();
    await to(2);
    fake.processes.clear();
    await to(2, { shadow: true });
    await actuator.read('web', signal);
    expect(fake.slots()).toEqual([]);
  });

  it('finds a worker by its key that was started when the engine was killed', async () => {
    const { to, fake, create, rosters } = world();
    await to(1);
    fake.crashes.push(new Error('killed'));
    const before = await rosters.read('web');
    const failed = to(2);
    await expect(failed).rejects.toThrow('killed');
    // As it stands in the file at that moment: noted, without a pid.
    await rosters.write('web', {
      workers: [...(before?.workers ?? []), { slot: 2, key: `web/2@${START + 2 * MINUTE}`, since: 0, offset: 0, crashes: 0 }],
    });
    expect(await create().read('web', signal)).toMatchObject({ units: 2 });
    expect((await to(2, { by: create() })).units).toBe(2);
    expect(fake.slots()).toEqual([1, 2]);
    await to(0);
    expect(fake.slots()).toEqual([]);
  });

  it('a program that cannot be started is refused, is no unit, and is tried again', async () => {
    const { fake, actuator, clock } = world();
    fake.faults.push(new Refused('worker cannot be started: spawn worker ENOENT'));
    const given = order(1, 3);
    expect(await actuator.actuate(given, signal)).toMatchObject({
      status: 'refused',
      units: 0,
      detail: 'worker cannot be started: spawn worker ENOENT',
    });
    await clock.advance(MINUTE);
    expect(await actuator.actuate(given, signal)).toMatchObject({ status: 'applied', units: 3 });
  });

  it('never ends a process that has the pid of a worker and is another', async () => {
    const { to, fake } = world();
    await to(1);
    const pid = fake.pidOf(1);
    const worker = fake.processes.get(pid);
    if (worker) fake.processes.set(pid, { ...worker, start: 'another' });
    await to(0);
    expect(fake.processes.has(pid)).toBe(true);
    expect(fake.done).toEqual(['start web/1']);
  });

  it('keeps its workers when it is closed; with onClose: stop it ends them, with SIGKILL after grace', async () => {
    const kept = world();
    await kept.to(2);
    await kept.actuator.close?.();
    expect(kept.fake.slots()).toEqual([1, 2]);
    const stopped = world({ onClose: 'stop' });
    await stopped.to(2);
    stopped.fake.stubborn = true;
    const closing = stopped.actuator.close?.();
    for (let n = 0; n < 20; n++) await stopped.clock.advance(1_000);
    await closing;
    expect(stopped.fake.slots()).toEqual([]);
    expect(stopped.fake.done.slice(2)).toEqual(['SIGTERM web/1', 'SIGTERM web/2', 'SIGKILL web/1', 'SIGKILL web/2']);
  });

  it.each([
    [{ pools: {} }, 'names no pool'],
    [{ pools: { web: { command: [] } } }, 'command'],
    [{ pools: { web: { command: ['a'], ready: { tcp: true } } } }, 'need portBase'],
    [{ pools: { web: { command: ['a'], portBase: 1, ready: {} } } }, 'give one of http, tcp, line'],
    [{ pools: { web: { command: ['a'], ready: { line: 'up' } } } }, 'ready.line needs log'],
    [{ onClose: 'maybe' }, 'onClose'],
  ])('refuses the options %j', (options, text) => {
    const result = processConfig.safeParse({ pools: { web: { command: ['a'] } }, ...options });
    expect(JSON.stringify(result.error?.issues)).toContain(text);
  });
});

const WORKER = `
import { createServer } from 'node:http';
import { spawn } from 'node:child_process';
if (process.env.HELPER) spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
if (process.env.STUBBORN) process.on('SIGTERM', () => console.log('no'));
const server = createServer((request, response) => response.end(process.env.AUSPEX_WORKER));
setTimeout(() => server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening')), Number(process.env.DELAY ?? 0));
`;

describe.runIf(platform() === 'linux')('process, real ones', () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function place() {
    const directory = mkdtempSync(join(tmpdir(), 'auspex-process-'));
    writeFileSync(join(directory, 'worker.mjs'), WORKER);
    const port = await freeRow(3);
    const leases = join(directory, 'leases');
    const command = [process.execPath, 'worker.mjs'];
    const options = (web: object = {}, more: object = {}) => ({
      pools: { web: { command, cwd: directory, portBase: port - 1, ready: { http: '/' }, grace: '200ms', ...web } },
      leases,
      patience: '0s',
      ...more,
    });
    /** Whoever of this place is still there, by the environment. */
    const left = (): number[] =>
      readdirSync('/proc')
        .map(Number)
        .filter((pid) => pid > 0 && read(`/proc/${pid}/environ`).includes(`AUSPEX_PLACE=${directory}\0`));
    ends.push(() => {
      for (const pid of left()) if (pid !== process.pid) process.kill(pid, 'SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    });
    const env = { AUSPEX_PLACE: directory };
    const create = ({ env: given, ...web }: { env?: object; [option: string]: unknown } = {}, more: object = {}): Actuator =>
      processes.create(
        processConfig.parse(options({ ...web, env: { ...env, ...given } }, more)),
        fakeContext({ clock: { now: () => Date.now(), sleep: (ms) => sleep(ms) } }),
      );
    return { directory, port, left, create, options, env };
  }

  const read = (file: string): string => {
    try {
      return readFileSync(file, 'latin1');
    } catch {
      return '';
    }
  };
  const state = (actuator: Actuator): Promise<{ units: number; ready: number }> => actuator.read('web', signal);
  const gone = (pid: number): boolean => !existsSync(`/proc/${pid}`) || /\) [ZX] /.test(read(`/proc/${pid}/stat`));

  it('up, ready when they answer, down to the first, to none', async () => {
    const { create, port, left } = await place();
    const actuator = create({ env: { DELAY: '300' } });
    expect(await state(actuator)).toEqual({ units: 0, ready: 0 });
    expect(await actuator.actuate(order(1, 2), signal)).toMatchObject({ status: 'applied', units: 2, ready: 0 });
    await expect.poll(() => state(actuator), { timeout: 10_000 }).toEqual({ units: 2, ready: 2 });
    for (const n of [0, 1]) expect(await (await fetch(`http://127.0.0.1:${port + n}/`)).text()).toBe(String(n + 1));
    expect(await actuator.actuate(order(2, 1), signal)).toMatchObject({ status: 'applied', units: 1, ready: 1 });
    await expect.poll(() => left().length).toBe(1);
    await actuator.actuate(order(3, 0), signal);
    await expect.poll(left).toEqual([]);
    await actuator.close?.();
  });

  it('kills after grace what does not end, with the processes that it started', async () => {
    const { create, left } = await place();
    const actuator = create({ env: { STUBBORN: '1', HELPER: '1' } });
    await actuator.actuate(order(1, 1), signal);
    await expect.poll(() => state(actuator), { timeout: 10_000 }).toEqual({ units: 1, ready: 1 });
    expect(left()).toHaveLength(2);
    await actuator.actuate(order(2, 0), signal);
    await sleep(250);
    // The worker does not heed it.
    expect(left().length).toBeGreaterThan(0);
    await actuator.actuate(order(3, 0), signal);
    await expect.poll(left).toEqual([]);
  });

  it('a worker that is killed is seen and started again; one that is told apart by its line', async () => {
    const { create, left, directory } = await place();
    const actuator = create({ ready: { line: 'listening' }, log: join(directory, 'log') });
    await actuator.actuate(order(1, 2), signal);
    await expect.poll(() => state(actuator), { timeout: 10_000 }).toEqual({ units: 2, ready: 2 });
    process.kill(left()[0] as number, 'SIGKILL');
    await expect.poll(() => state(actuator)).toEqual({ units: 2, ready: 1 });
    const receipt = await actuator.actuate(order(2, 2), signal);
    // The line of the one that died stands in the same file, and counts for nothing.
    expect(receipt).toMatchObject({ status: 'applied', units: 2, ready: 1 });
    await expect.poll(() => state(actuator), { timeout: 10_000 }).toEqual({ units: 2, ready: 2 });
    const stopping = create({ ready: { line: 'listening' }, log: join(directory, 'log') }, { onClose: 'stop' });
    await stopping.close?.();
    await expect.poll(left).toEqual([]);
  });

  it('workers outlive an engine that is killed, and another takes them over', async () => {
    const { create, left, options, env, directory } = await place();
    const script = join(directory, 'engine.mjs');
    const source = fileURLToPath(new URL('../src/process/plugin.ts', import.meta.url));
    writeFileSync(
      script,
      `const { processes } = await import('file://' + process.argv[2]);
      const { processConfig } = await import('file://' + process.argv[2].replace('plugin.ts', 'config.ts'));
      const store = new Map();
      const context = { clock: { now: () => Date.now(), sleep: async () => {} }, random: { fork: () => ({ next: () => 0.5 }) }, logger: console,
        meter: { count() {}, gauge() {} }, store: { get: async (key) => store.get(key), compareAndSet: async (key, _, value) => !!store.set(key, value) } };
      const actuator = processes.create(processConfig.parse(JSON.parse(process.argv[3])), context);
      const receipt = await actuator.actuate(JSON.parse(process.argv[4]), new AbortController().signal);
      console.log('RECEIPT ' + receipt.units);
      setInterval(() => {}, 1000);`,
    );
    const engine = await startEngine(script, source, options({ env }), order(1, 2));
    const workers = left();
    expect(workers).toHaveLength(2);
    engine.kill('SIGKILL');
    await expect.poll(() => gone(engine.pid as number)).toBe(true);
    const other = create();
    await expect.poll(() => state(other), { timeout: 10_000 }).toEqual({ units: 2, ready: 2 });
    expect(await other.actuate(order(1, 2), signal)).toMatchObject({ status: 'duplicate' });
    expect(await other.actuate(order(2, 3), signal)).toMatchObject({ status: 'applied', units: 3 });
    expect(left()).toEqual(expect.arrayContaining(workers));
    await other.actuate(order(3, 0), signal);
    await expect.poll(() => left().filter((pid) => !gone(pid))).toEqual([]);
  });

  /** An engine of its own that gives one order and then hangs. */
  async function startEngine(script: string, source: string, options: object, given: Order): Promise<ChildProcess> {
    const node = ['--conditions=source', '--import', import.meta.resolve('tsx'), script];
    const engine = spawn(process.execPath, [...node, source, JSON.stringify(options), JSON.stringify(given)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    ends.push(() => engine.kill('SIGKILL'));
    await new Promise<void>((resolve, reject) => {
      engine.stdout?.on('data', (text) => String(text).includes('RECEIPT 2') && resolve());
      engine.once('exit', () => reject(new Error('the engine ended')));
    });
    return engine;
  }

  it('names a program that is not there', async () => {
    const { create } = await place();
    const actuator = create({ command: ['/nowhere/worker'] });
    const receipt = await actuator.actuate(order(1, 2), signal);
    expect(receipt).toMatchObject({ status: 'refused', units: 0 });
    expect(receipt.detail).toContain('/nowhere/worker cannot be started');
  });

  it('tells a process from a later one of the same pid, and finds one by its key', async () => {
    const system = new System(1_000);
    const child = spawn('sleep', ['60'], { env: { ...process.env, AUSPEX_WORKER_KEY: 'web/9@1' }, detached: true, stdio: 'ignore' });
    ends.push(() => child.kill('SIGKILL'));
    await expect.poll(() => system.find('web/9@1')).toMatchObject({ pid: child.pid });
    const found = await system.find('web/9@1');
    expect(await system.find('web/9')).toBeUndefined();
    expect(await system.runs(found as never)).toBe(true);
    const other = { pid: found?.pid as number, start: 'another/1' };
    expect(await system.runs(other)).toBe(false);
    await system.end(other, 'SIGKILL');
    expect(await system.runs(found as never)).toBe(true);
  });

  it('one that has ended and waits for its parent does not run', async () => {
    const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    ends.push(() => parent.kill('SIGKILL'));
    const pid = Number(await new Promise((resolve) => parent.stdout.once('data', (text) => resolve(String(text).trim()))));
    const fields = (): string[] =>
      read(`/proc/${pid}/stat`)
        .replace(/^.*\) /, '')
        .split(' ');
    const identity = { pid, start: `${read('/proc/sys/kernel/random/boot_id').trim()}/${fields()[19]}` };
    expect(await new System(1_000).runs(identity)).toBe(true);
    await expect.poll(() => fields()[0]).toBe('Z');
    expect(await new System(1_000).runs(identity)).toBe(false);
  });

  it('tells the same without a /proc, by ps', async () => {
    const system = new System(1_000, false);
    const options = processConfig.parse({ pools: { web: { command: ['sleep', '60'] } } }).pools['web'] as never;
    const started = await system.start({ pool: 'web', slot: 1, key: 'web/1@1', options });
    expect(started.start).toMatch(/^\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4}$/);
    expect(await system.runs(started)).toBe(true);
    expect(await system.runs({ ...started, start: 'Mon Jan 5 00:00:00 2026' })).toBe(false);
    await system.end(started, 'SIGKILL');
    await expect.poll(() => system.runs(started)).toBe(false);
  });
});
