import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { BOUNDS } from './story.mjs';

/** HAProxy with a frontend and a backend for each side. All servers are out of service: Auspex brings in those that it has started. */
function configOf(socket, sides) {
  const lines = [
    'global',
    `  stats socket ${socket} mode 600 level admin`,
    '  nbthread 1',
    'defaults',
    '  mode http',
    '  timeout connect 200ms',
    '  timeout client 5s',
    '  timeout server 2s',
    '  option http-server-close',
    '  option httpchk GET /health',
    // It believes a server that comes into service until the first check: what is refused there is sent to another one.
    '  retries 3',
    '  option redispatch 1',
    '  default-server check inter 200ms fall 1 rise 1 disabled',
  ];
  for (const { name, port, portBase } of sides) {
    lines.push(`frontend ${name}`, `  bind 127.0.0.1:${port}`, `  default_backend ${name}`, `backend ${name}`);
    for (let n = 1; n <= BOUNDS.max; n++) lines.push(`  server w${n} 127.0.0.1:${portBase + n}`);
  }
  return `${lines.join('\n')}\n`;
}

/**
 * Starts it and waits until it answers. A shell stands between: it ends HAProxy also when this process was killed, since then its input ends.
 *
 * @returns its runtime socket, and what ends it
 */
export async function startBalancer(folder, sides, signal) {
  const [socket, file] = [join(folder, 'haproxy.sock'), join(folder, 'haproxy.cfg')];
  writeFileSync(file, configOf(socket, sides));
  const child = spawn('sh', ['-c', 'haproxy -db -f "$0" <&- & p=$!; read -r _; kill "$p"; wait "$p"', file], {
    stdio: ['pipe', 'ignore', 'pipe'],
    // Not in the group that Ctrl-C goes to: it ends last.
    detached: true,
  });
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.stdin.end();
    await ended;
  };
  for (const until = Date.now() + 10_000; !(await answers(socket)); await wait(50)) {
    if (Date.now() < until && !signal.aborted && !/not found|ALERT/.test(said)) continue;
    await stop();
    signal.throwIfAborted();
    throw new Error(/not found/.test(said) ? 'haproxy is not on the PATH: apt-get install haproxy' : `HAProxy does not start: ${said}`);
  }
  return { socket, stop };
}

function answers(path) {
  return new Promise((resolve) => {
    const socket = connect(path, () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.end());
  });
}

/** The first ports of `blocks` of so many ports each on which nothing listens. */
export async function freePorts(blocks, size) {
  for (;;) {
    // Below those that systems give to clients.
    const base = 15_000 + Math.floor(Math.random() * 15_000);
    const free = await Promise.all(Array.from({ length: blocks * size }, (_, n) => isFree(base + n)));
    if (free.every(Boolean)) return Array.from({ length: blocks }, (_, n) => base + n * size);
  }
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
