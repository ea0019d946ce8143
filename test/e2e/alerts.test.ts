import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { need } from '../servers/index.ts';
import { run } from './paced/run.ts';

const SECRET = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`;
const running: { stop(): Promise<unknown> | unknown }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.stop();
});

/** The engine's process; killed and started again over the same store. */
class Engine {
  readonly said: string[] = [];
  readonly alerts: string[] = [];
  #child: ChildProcess | undefined;
  readonly #args: object;

  constructor(args: object) {
    this.#args = args;
  }

  start(): void {
    process.env['ALERTS_SECRET'] = SECRET;
    const child = run(new URL('./alerts/engine.ts', import.meta.url), [JSON.stringify(this.#args)]);
    this.#child = child;
    child.stdout?.on('data', (chunk: Buffer) => this.alerts.push(...chunk.toString().trim().split('\n')));
    child.stderr?.on('data', (chunk: Buffer) => this.said.push(chunk.toString()));
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const child = this.#child as ChildProcess;
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  async until(what: string, check: () => boolean | Promise<boolean>, seconds = 60): Promise<void> {
    for (const end = Date.now() + 1_000 * seconds; Date.now() < end; await wait(100)) if (await check()) return;
    throw new Error(`${what} did not come to be within ${seconds} s\n${this.said.join('').slice(-4_000)}`);
  }
}

/** A webhook receiver that tells messages apart by their idempotency key, and answers once it has taken them. */
class Receiver {
  /** Keys in the order of their first arrival. */
  readonly keys = new Set<string>();
  posts = 0;
  port = 0;
  /** Called with each message before it is answered. */
  onPost: () => Promise<void> | void = () => undefined;
  #server: HttpServer | undefined;

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#take(request, response));
    this.#server = server;
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for await (const _ of request);
    this.posts++;
    this.keys.add(String(request.headers['idempotency-key']));
    await this.onPost();
    response.writeHead(204).end();
  }

  stop(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }
}

it('an incident reaches an Alertmanager and a webhook once, through a minute without either and two kills of the engine', async (context) => {
  const alertmanager = await need('alertmanager', context);
  running.push({ stop: () => alertmanager.stop() });
  const receiver = new Receiver();
  await receiver.start();
  running.push(receiver);
  const now = Math.floor(Date.now() / 1_000) * 1_000;
  const incident = now + 15_000;
  const store = path.join(mkdtempSync(path.join(tmpdir(), 'auspex-alerts-')), 'store');
  const traffic = { from: now - 3_000_000, incident };
  const engine = new Engine({ traffic, store, alertmanager: alertmanager.address, webhook: `http://127.0.0.1:${receiver.port}/auspex` });
  const active = async (): Promise<{ labels: Record<string, string> }[]> =>
    (await (await fetch(`${alertmanager.address}/api/v2/alerts?active=true`)).json()) as { labels: Record<string, string> }[];
  engine.start();
  running.push({ stop: () => engine.kill() });
  await engine.until('the engine runs', () => engine.said.join('').includes('running'));
  await wait(incident - 3_000 - Date.now());
  expect(engine.alerts).toEqual([]);

  // Both receivers go; the incident comes.
  await alertmanager.kill();
  receiver.stop();
  const outage = Date.now();
  await engine.until('the alert is raised', () => engine.alerts.some((line) => line.includes('"status":"firing"')), 30);
  expect(Date.now()).toBeGreaterThan(incident);
  await engine.kill();
  engine.start();
  await wait(outage + 60_000 - Date.now());
  expect(receiver.posts).toBe(0);

  // Back: the webhook's first message is taken, and the engine dies before it hears so.
  let died = false;
  receiver.onPost = async () => {
    if (died) return;
    died = true;
    await engine.kill();
    engine.start();
  };
  await alertmanager.restart();
  await receiver.start();
  await engine.until('both have the alert, the webhook twice', async () => receiver.posts >= 2 && (await active()).length > 0, 60);
  expect([...receiver.keys]).toEqual([expect.stringMatching(/\/firing$/)]);
  expect((await active()).map(({ labels }) => [labels['rule'] ?? labels['alertname'], labels['pool']])).toEqual([['anomaly', 'web']]);

  // Its end arrives, too.
  await engine.until('the end has arrived', async () => receiver.keys.size > 1 && (await active()).length === 0, 120);
  expect([...receiver.keys]).toEqual([expect.stringMatching(/\/firing$/), expect.stringMatching(/\/resolved$/)]);
  const [firing, resolved] = [...receiver.keys].map((key) => key.split('/')[0]);
  expect(resolved).toBe(firing);
}, 300_000);
