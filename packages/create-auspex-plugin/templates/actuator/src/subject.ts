import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ActuatorSubject } from '@auspex/testkit';
import { __VALUE__ } from './plugin.ts';

interface Held {
  units: number;
  ready: number;
}

/** What the real target does, in memory: units that were ordered serve once the pool has settled. */
class FakeTarget {
  readonly #pools: Record<string, Held> = { web: { units: 2, ready: 2 }, api: { units: 2, ready: 2 } };
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));
  #changes = 0;
  #failing = false;

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  state(pool: string): Held {
    return { ...(this.#pools[pool] as Held) };
  }

  settle(pool: string): void {
    const held = this.#pools[pool] as Held;
    held.ready = held.units;
  }

  changes(): number {
    return this.#changes;
  }

  fail(on: boolean): void {
    this.#failing = on;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    if (request.method !== 'GET') this.#changes++;
    const held = this.#pools[decodeURIComponent(request.url?.split('/').pop() ?? '')];
    if (this.#failing) return void response.writeHead(503).end('out of order');
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return void response.writeHead(401).end('who is that?');
    if (held === undefined) return void response.writeHead(404).end('no such pool');
    if (request.method === 'PUT') {
      held.units = (JSON.parse(body) as { units: number }).units;
      held.ready = Math.min(held.ready, held.units);
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(held));
  }
}

const TOKEN = 'a token of the tests';
const TOKEN_ENV = 'AUSPEX_SUBJECT_TOKEN';

/** What the laws are tried on; made anew for each. */
export async function subject(): Promise<ActuatorSubject> {
  process.env[TOKEN_ENV] = TOKEN;
  const target = new FakeTarget();
  const url = await target.listen();
  return { plugin: __VALUE__, with: { url, tokenEnv: TOKEN_ENV }, target, close: () => target.close() };
}
