import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Actuator, Order } from '@auspex/contracts';
import { parseConfig } from '@auspex/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drainFirst, replaceDown } from '../../../examples/07-bare-metal/in-turn.ts';
import { NotAvailable, startServer } from '../../servers/index.ts';
import { has } from '../../servers/process.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/07-bare-metal', import.meta.url));
const UNITS = ['auspex.service', 'auspex-keep.service'];
const read = (name: string): string => readFileSync(path.join(EXAMPLE, name), 'utf8');
const run = promisify(execFile);

const folder = mkdtempSync(path.join(tmpdir(), 'auspex-e7-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the config against emulated BMCs and a real HAProxy', () => {
  let said = '';
  let missing: string | undefined;

  beforeAll(async () => {
    try {
      // Whether this machine can have them: the script starts its own.
      for (const name of ['redfish', 'haproxy'] as const) await (await startServer(name)).stop();
    } catch (error) {
      if (!(error instanceof NotAvailable) || process.env['CI'] === 'true') throw error;
      missing = error.message;
      return;
    }
    const env = { ...process.env, NO_COLOR: '1', TMPDIR: folder };
    const { stdout } = await run(process.execPath, [path.join(EXAMPLE, 'try.mjs')], { env }).catch((error: Error & { stdout: string }) => {
      throw new Error(`${error.message}\n${error.stdout}`);
    });
    said = stdout.replaceAll(/^ *[\d.]+ s {2}/gm, '');
  }, 300_000);

  /** The lines stand in the output, in this order, others between them. */
  function expectInOrder(...lines: readonly RegExp[]): void {
    let rest = said;
    for (const line of lines) {
      const found = new RegExp(line.source, 'm').exec(rest);
      expect(found, `${line.source} in\n${rest}\nof\n${said}`).not.toBeNull();
      rest = rest.slice((found?.index ?? 0) + (found?.[0].length ?? 0));
    }
  }

  it('more: the host is turned on, passes its check, and is in service', ({ skip }) => {
    if (missing) return skip(missing);
    expectInOrder(/^order: 3 hosts$/, /^h3 is On$/, /^h3 is in service and has answered; 0 requests have failed$/);
  });

  it('fewer: it is drained, ends its work, and is turned off', ({ skip }) => {
    if (missing) return skip(missing);
    expectInOrder(
      /^order: 2 hosts/,
      /^h3 is DRAIN in HAProxy and On$/,
      /^h3 is Off$/,
      /^h3 is off; its long request ended with 200, and 0 have failed$/,
    );
  });

  it('a host that does not come up is turned off again, and another serves in its place', ({ skip }) => {
    if (missing) return skip(missing);
    expectInOrder(
      /^order: 3 hosts, and the system of h3 does not come up$/,
      /^h4 serves in its place, h3 has been turned off again; 0 requests have failed$/,
      /^receipt: 3 ordered, 3 ready; redfish: host 3 is left alone for .*: it did not come up; haproxy: h3 fails its health check$/,
    );
  });

  it('without orders the keeper drains, then turns off what was above the original', ({ skip }) => {
    if (missing) return skip(missing);
    expectInOrder(
      /^no order comes any more/,
      /^keeper: .*"units":2/,
      /^h4 is Off$/,
      /^power: On, On, Off, Off; \d{3,} requests, 0 failed$/,
    );
  });
});

describe('the files', () => {
  it('are a config that the engine takes, with floors that a keeper ends', async () => {
    process.env['AUSPEX_INVENTORY'] = path.join(EXAMPLE, 'inventory.json');
    const { default: config } = await import('../../../examples/07-bare-metal/auspex.config.ts');
    const { settings, actuators } = parseConfig(config, []);
    expect(settings.pools.map(({ id, control, max }) => ({ id, control, max }))).toEqual([{ id: 'web', control: 'floor', max: 4 }]);
    expect(actuators.get('web')?.plugin.capabilities).toEqual({ lease: 'keeper' });
  });

  it('name the same hosts in inventory.json and haproxy.cfg', () => {
    const { hosts } = JSON.parse(read('inventory.json')) as { hosts: { name: string; address: string }[] };
    const servers = [...read('haproxy.cfg').matchAll(/^ {2}server (\S+) (\S+)/gm)].map(([, name, address]) => ({ name, address }));
    expect(servers).toEqual(hosts.map(({ name, address }) => ({ name, address })));
  });

  it('are units that systemd takes, and neither ends with the other', async ({ skip }) => {
    for (const unit of UNITS) expect(read(`systemd/${unit}`)).not.toMatch(/^(BindsTo|PartOf|Requires|Conflicts)=/m);
    if (!(await has('systemd-analyze', '--version'))) return skip('no systemd-analyze');
    const units = UNITS.map((unit) => path.join(folder, unit));
    // The command may not be installed here: that alone is another.
    for (const [n, unit] of UNITS.entries()) {
      writeFileSync(units[n] as string, read(`systemd/${unit}`).replace('ExecStart=/usr/bin/auspex', `ExecStart=${process.execPath}`));
    }
    const { stdout, stderr } = await run('systemd-analyze', ['verify', ...units]);
    expect(stdout + stderr).toBe('');
  });

  it('make a user and its folders', async ({ skip }) => {
    if (process.getuid?.() !== 0) return skip('only root may give folders to another user');
    if (!(await has('systemd-sysusers', '--version')) || !(await has('systemd-tmpfiles', '--version'))) return skip('no systemd');
    const root = path.join(folder, 'root');
    mkdirSync(path.join(root, 'etc'), { recursive: true });
    await run('systemd-sysusers', [`--root=${root}`, path.join(EXAMPLE, 'systemd/auspex.sysusers.conf')]);
    await run('systemd-tmpfiles', [`--root=${root}`, '--create', path.join(EXAMPLE, 'systemd/auspex.tmpfiles.conf')]);
    const uid = Number(/^auspex:x:(\d+):/m.exec(readFileSync(path.join(root, 'etc/passwd'), 'utf8'))?.[1]);
    const { uid: owner, mode } = statSync(path.join(root, 'var/lib/auspex/leases'));
    expect({ owner, mode: mode & 0o777 }).toEqual({ owner: uid, mode: 0o750 });
  });
});

describe('in turn', () => {
  const signal = new AbortController().signal;
  const MINUTE = 60_000;

  /** An actuator that notes what it is ordered; its units are ready but for `down`. */
  function rack(found: number) {
    const ordered: Pick<Order, 'units' | 'expires'>[] = [];
    const state = { units: found, down: 0 };
    const plugin = {
      create: (): Actuator => ({
        async actuate({ key, pool, units, expires, shadow }) {
          if (shadow) return { key, pool, status: 'shadow', units: state.units, ready: state.units - state.down };
          ordered.push({ units, ...(expires !== undefined && { expires }) });
          state.units = units;
          return { key, pool, status: 'applied', units, ready: units - state.down };
        },
        read: async () => ({ units: state.units, ready: state.units - state.down }),
      }),
    };
    return { plugin, ordered, state, last: () => ordered.at(-1)?.units };
  }

  function orders(actuator: Actuator) {
    return async (minute: number, units: number, more: Partial<Order> = {}) => {
      const step = minute * MINUTE;
      await actuator.actuate(
        { key: `web@${step}`, pool: 'web', pop: '*', units, min: 1, max: 5, epoch: 1, shadow: false, step, ...more },
        signal,
      );
    };
  }

  it('drainFirst raises at once, and lowers what has not been ordered for that long', async () => {
    const { plugin, ordered, last } = rack(2);
    const order = orders(drainFirst(plugin, '5m').create());
    await order(0, 4);
    expect(last()).toBe(4);
    for (const minute of [1, 2, 3, 4]) await order(minute, 2);
    expect(last()).toBe(4);
    await order(5, 3);
    expect(last()).toBe(3);
    await order(6, 2, { expires: 8 * MINUTE });
    expect(ordered.at(-1)).toEqual({ units: 3, expires: 13 * MINUTE });
  });

  it('drainFirst keeps after a start what it finds, inside the bounds, and passes shadows on', async () => {
    const { plugin, ordered, last } = rack(9);
    const order = orders(drainFirst(plugin, '5m').create());
    await order(0, 2, { shadow: true });
    expect(ordered).toEqual([]);
    await order(1, 2);
    expect(last()).toBe(5);
    await order(5, 4, { shadow: true });
    await order(6, 2);
    expect(last()).toBe(2);
  });

  it('replaceDown orders one more for each that has been down for that long, until it comes back', async () => {
    const { plugin, state, last } = rack(2);
    const order = orders(replaceDown(plugin, '3m').create());
    await order(0, 3);
    state.down = 1;
    for (const minute of [1, 2, 3]) await order(minute, 3);
    expect(last()).toBe(3);
    await order(4, 3);
    expect(last()).toBe(3);
    // Noted at 1, three minutes later known.
    state.down = 2;
    await order(5, 3);
    expect(last()).toBe(4);
    state.down = 1;
    for (const minute of [6, 7, 8, 9, 10, 11]) await order(minute, 3);
    expect(last()).toBe(4);
    state.down = 0;
    await order(12, 3);
    await order(13, 3);
    expect(last()).toBe(3);
  });

  it('replaceDown asks for no more than the pool allows, and forgets what was short for a moment', async () => {
    const { plugin, state, last } = rack(5);
    const order = orders(replaceDown(plugin, '3m').create());
    state.down = 2;
    for (const minute of [0, 1, 2, 3, 4]) await order(minute, 5);
    expect(last()).toBe(5);
    const second = rack(2);
    const again = orders(replaceDown(second.plugin, '3m').create());
    for (const minute of [0, 1, 2, 3, 4, 5, 6, 7]) {
      second.state.down = minute % 3 === 2 ? 0 : 1;
      await again(minute, 3);
    }
    expect(second.last()).toBe(3);
  });
});
