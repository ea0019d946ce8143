/*
 * A worker: an HTTP server that serves RATE requests a second. Who comes when it is busy waits his turn, and gets 503 where that would be longer than
 * a fifth of a second. It takes BOOT_MS to start, as a program that loads its caches does. PORT comes from Auspex.
 */

import { createServer } from 'node:http';

const { PORT, RATE, BOOT_MS, STORY_PID } = process.env;
const PATIENCE_MS = 200;
let free = 0;

const server = createServer((request, response) => {
  // HAProxy and Auspex ask whether it serves; that is no work.
  if (request.url === '/health') return response.end('ok');
  const now = performance.now();
  const wait = Math.max(0, free - now);
  if (wait > PATIENCE_MS) {
    response.statusCode = 503;
    return response.end('busy');
  }
  free = now + wait + 1_000 / Number(RATE);
  setTimeout(() => response.end('served'), wait);
});

const boot = setTimeout(() => server.listen(Number(PORT), '127.0.0.1'), Number(BOOT_MS));

process.on('SIGTERM', () => {
  clearTimeout(boot);
  // HAProxy is told to drain it at the same time: what it has sent until then is served.
  setTimeout(() => server.close(() => process.exit(0)), 2 * PATIENCE_MS);
});

// Workers outlive who started them, by design. These belong to a story, and end when it was killed.
setInterval(() => {
  try {
    process.kill(Number(STORY_PID), 0);
  } catch {
    process.exit(1);
  }
}, 1_000).unref();
