import { createServer, get } from 'node:http';
import { connect } from 'node:net';

/** From power on to the first answer, ms. */
const BOOT_MS = 1_500;
const LOOK_MS = 150;

/**
 * What hosts serve, played by servers of this process: each listens once its host has been on for a while, and is gone when it is off.
 *
 * @param hosts each with `name`, `bmc` and `address`
 */
export async function playHosts(hosts, say) {
  const all = new Map(hosts.map((host) => [host.name, { ...host, power: 'Off', broken: false }]));
  const look = async (host) => {
    const { PowerState: power } = await (await ask(host.bmc)).json();
    if (power === host.power) return;
    host.power = power;
    say(`${host.name} is ${power}`);
    if (power === 'On') host.boot = setTimeout(() => host.broken || listen(host), BOOT_MS);
    else {
      clearTimeout(host.boot);
      host.server?.close();
      host.server?.closeAllConnections();
    }
  };
  // One by one at first: the emulator makes its hosts with the first request, and forgets what another has changed meanwhile.
  for (const { bmc } of hosts) await ask(bmc);
  let ended = false;
  const looking = (async () => {
    while (!ended) {
      await Promise.all([...all.values()].map((host) => look(host).catch(() => undefined)));
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  })();
  return {
    async turnOn(...names) {
      for (const name of names) await reset(all.get(name).bmc, 'On');
    },
    async serve(...names) {
      return names.every((name) => all.get(name).server?.listening);
    },
    /** As it was last seen. */
    power: (name) => all.get(name).power,
    breakDown(name) {
      all.get(name).broken = true;
    },
    /** A request on which the host works for so long; resolves with how it ended. Others go on until the balancer chooses that host. */
    async work(name, address, ms) {
      for (;;) {
        const answer = await begin(`${address}/work?host=${name}&ms=${ms}`);
        if (answer.host === name) return answer.ended;
      }
    },
    async stop() {
      ended = true;
      await looking;
      for (const { server, boot } of all.values()) {
        clearTimeout(boot);
        server?.close();
        server?.closeAllConnections();
      }
    },
  };
}

function listen(host) {
  const [, port] = host.address.split(':');
  host.server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://host');
    response.setHeader('x-host', host.name);
    if (pathname !== '/work' || searchParams.get('host') !== host.name) return response.end('ok');
    response.write('working');
    setTimeout(() => response.end(), Number(searchParams.get('ms')));
  }).listen(Number(port), '127.0.0.1');
}

/** Resolves with the first byte of the answer: which host it is, and a promise of how it ends. */
function begin(url) {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false }, (response) => {
      const ended = new Promise((end) => {
        response.on('end', () => end(String(response.statusCode)));
        response.on('error', (error) => end(error.message));
      });
      resolve({ host: response.headers['x-host'], ended });
      response.resume();
    });
    request.on('error', reject);
  });
}

/** An emulator on a busy machine: what has no answer is asked again with the next look. */
function ask(url, options = {}) {
  return fetch(url, { ...options, headers: { ...options.headers, connection: 'close' }, signal: AbortSignal.timeout(2_000) });
}

async function reset(bmc, type) {
  const answer = await ask(`${bmc}/Actions/ComputerSystem.Reset`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ResetType: type }),
  });
  if (!answer.ok) throw new Error(`${bmc} answers ${answer.status}`);
}

/** What HAProxy says of the servers of its backend, in their order: UP, DOWN, MAINT, DRAIN; "UP 1/2" is one that has failed a check. */
export function servers(path) {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ path }, () => socket.end('show stat\n'));
    socket.on('data', (part) => {
      text += String(part);
    });
    socket.once('error', reject);
    socket.once('end', () => {
      const [head = '', ...rows] = text.trim().split('\n');
      const status = head.split(',').indexOf('status');
      resolve(rows.filter((row) => /^web,h\d,/.test(row)).map((row) => row.split(',')[status]));
    });
  });
}
