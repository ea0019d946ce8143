/*
 * node examples/07-bare-metal/try.mjs: the config of this folder against sushy-tools, which emulates the BMCs of four hosts, and a local HAProxy with
 * the configuration of this folder. What a host would serve is played by a server in this process, which runs while the host is on.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';
import { loadConfig } from '../../packages/cli/dist/load-config.js';
import { standaloneContext } from '../../packages/core/dist/index.js';
import { playHosts, servers } from './stage.mjs';

register();
const { startServer } = await import('../../test/servers/index.ts');
const { freePorts } = await import('../../test/servers/process.ts');

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const BIN = here('../../packages/cli/dist/bin.js');
/** What takes minutes takes seconds here: an order comes twice a second, and a host that does not come up is given up after eight. */
const CYCLE_MS = 500;
const [BOOT, DRAIN, FLOOR_MS] = ['8s', '4s', 3_000];

const began = Date.now();
const say = (text) => process.stdout.write(`${((Date.now() - began) / 1_000).toFixed(1).padStart(5)} s  ${text}\n`);
const closing = [];

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'auspex-metal-'));
  closing.push(async () => rmSync(folder, { recursive: true, force: true }));
  const ports = await freePorts(4);
  const [redfish, haproxy] = await Promise.all([
    startServer('redfish', { hosts: 4 }),
    startServer('haproxy', { config: haproxyConfig(ports) }),
  ]);
  closing.push(
    () => redfish.stop(),
    () => haproxy.stop(),
  );
  const hosts = ports.map((port, n) => ({ name: `h${n + 1}`, bmc: redfish.details[`host${n + 1}`], address: `127.0.0.1:${port}` }));
  const inventory = {
    hosts,
    socket: haproxy.details.socket,
    log: join(folder, 'requests.ndjson'),
    state: folder,
    boot: BOOT,
    drain: DRAIN,
  };
  writeFileSync(join(folder, 'inventory.json'), JSON.stringify(inventory));
  Object.assign(process.env, { AUSPEX_INVENTORY: join(folder, 'inventory.json'), BMC_USER: 'auspex', BMC_PASSWORD: 'secret' });

  const metal = await playHosts(hosts, say);
  closing.push(() => metal.stop());
  await metal.turnOn('h1', 'h2');
  await until('h1 and h2 serve', () => metal.serve('h1', 'h2'));
  await until('h1 and h2 are in service', async () => (await states()).slice(0, 2).join() === 'UP,UP');

  const { pools } = await loadConfig(here('./auspex.config.ts'));
  const { use: plugin, with: options } = pools[0].actuator;
  const actuator = plugin.create(plugin.config.parse(options), standaloneContext({ store: memory() }));
  closing.push(() => actuator.close());
  const users = startUsers(haproxy.address);
  closing.push(() => users.stop());

  say('order: 3 hosts');
  await ordered(3, async () => (await states())[2] === 'UP' && users.by('h3') > 0);
  say(`h3 is in service and has answered; ${users.failed()} requests have failed`);

  say('order: 2 hosts, while h3 still works on a request of 3 s');
  const long = metal.work('h3', haproxy.address, 3_000);
  await ordered(2, async () => (await states())[2] !== 'UP');
  say(`h3 is ${(await states())[2]} in HAProxy and ${metal.power('h3')}`);
  await ordered(2, () => metal.power('h3') === 'Off');
  say(`h3 is off; its long request ended with ${await long}, and ${users.failed()} have failed`);

  metal.breakDown('h3');
  say('order: 3 hosts, and the system of h3 does not come up');
  await ordered(3, async () => (await states())[3] === 'UP' && metal.power('h3') === 'Off' && users.by('h4') > 0);
  say(`h4 serves in its place, h3 has been turned off again; ${users.failed()} requests have failed`);
  const receipt = await ordered(3, async () => true);
  say(`receipt: ${receipt.units} ordered, ${receipt.ready} ready; ${receipt.detail.replaceAll(/http\S+-(0+)(\d)/g, 'host $2')}`);

  say(`no order comes any more: the floor runs out in ${FLOOR_MS / 1_000} s, and the keeper looks`);
  const keeper = spawn(
    process.execPath,
    [BIN, 'keep', '--every', '500ms', '--json', '--log-level', 'error', '--config', here('./auspex.config.ts')],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NO_COLOR: '1' },
    },
  );
  const keeperEnded = new Promise((resolve) => keeper.once('exit', resolve));
  closing.push(async () => {
    keeper.kill('SIGTERM');
    await keeperEnded;
  });
  keeper.stdout.on('data', (line) => say(`keeper: ${String(line).trim()}`));
  await until('h4 drains', async () => (await states())[3] !== 'UP');
  say(`h4 is ${(await states())[3]} in HAProxy and ${metal.power('h4')}`);
  await until('h4 is off', () => metal.power('h4') === 'Off');
  const on = hosts.map(({ name }) => metal.power(name));
  say(`power: ${on.join(', ')}; ${users.sent()} requests, ${users.failed()} failed`);

  function states() {
    return servers(haproxy.details.socket);
  }

  /** What the engine does: the same order with each cycle, until what it is for is there. */
  async function ordered(units, holds) {
    let last;
    await until(`${units} hosts`, async () => {
      const step = Date.now();
      const order = {
        key: `web@${step}`,
        pool: 'web',
        pop: '*',
        units,
        min: 2,
        max: 4,
        epoch: 1,
        shadow: false,
        step,
        expires: step + FLOOR_MS,
      };
      last = await actuator.actuate(order, new AbortController().signal);
      if (last.status !== 'applied') throw new Error(`order ${last.status}: ${last.detail}`);
      return holds();
    });
    return last;
  }
}

async function until(what, holds) {
  for (const end = Date.now() + 60_000; !(await holds()); await wait(CYCLE_MS)) {
    if (Date.now() > end) throw new Error(`not within a minute: ${what}`);
  }
}

/** haproxy.cfg of this folder without `global`, with the addresses of this machine. */
function haproxyConfig(ports) {
  const text = readFileSync(here('./haproxy.cfg'), 'utf8').replace('bind :80', 'bind 127.0.0.1:@PORT@');
  const sections = text.slice(text.indexOf('defaults\n')).replace(/ +load-server-state-from-file global\n/, '');
  return sections.replaceAll(/10\.0\.0\.(\d):8080/g, (_, n) => `127.0.0.1:${ports[n - 1]}`).replace('inter 2s', 'inter 300ms');
}

/** Somebody asks for something 20 times a second. */
function startUsers(address) {
  const answers = new Map();
  let failed = 0;
  let sent = 0;
  const timer = setInterval(() => {
    sent++;
    const fail = () => failed++;
    const request = get(address, { agent: false, timeout: 10_000 }, (response) => {
      const { 'x-host': host } = response.headers;
      if (response.statusCode === 200) answers.set(host, (answers.get(host) ?? 0) + 1);
      else fail();
      response.resume();
    });
    request.on('error', fail);
  }, 50);
  return { by: (name) => answers.get(name) ?? 0, failed: () => failed, sent: () => sent, stop: async () => clearInterval(timer) };
}

/** A store as an engine gives it to its plugins, as far as actuators use it. */
function memory() {
  const kept = new Map();
  return {
    get: async (key) => kept.get(key),
    async compareAndSet(key, _, value) {
      kept.set(key, value);
      return true;
    },
  };
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
} finally {
  for (const close of closing.reverse()) await close();
}
process.exit();
