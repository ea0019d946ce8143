import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Meter } from '@auspex/contracts';
import { type MemoryMeter, prometheusMeter } from '@auspex/core';
import { wrongUse } from './values.ts';

/** Text of the option, the same for every command that has it. */
export const LISTEN = '/metrics for Prometheus, /healthz and /readyz over HTTP at HOST:PORT, or at PORT of 127.0.0.1';

/** What answers over HTTP. */
export interface Listening {
  /** What it is told is served as /metrics. */
  readonly meter: Meter;
  /** `http://127.0.0.1:9464`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves /metrics, /healthz (200 while the process lives) and /readyz (200, or 503 with the reason).
 *
 * @param at HOST:PORT, or a port of 127.0.0.1; port 0 = a free one
 * @param why why it is not ready; undefined = it is
 * @throws AuspexError SUPPORT where that is no address, or nobody can listen there
 */
export async function listen(at: string, why: () => string | undefined): Promise<Listening> {
  const { host, port } = addressOf(at);
  // Loaded here: most runs of the command serve nothing.
  const { default: client } = await import('prom-client');
  const registry = new client.Registry();
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'GET is all that is answered\n');
    if (path === '/healthz') return answer(response, 200, 'ok\n');
    if (path === '/readyz') {
      const reason = why();
      return answer(response, reason === undefined ? 200 : 503, `${reason ?? 'ok'}\n`);
    }
    if (path !== '/metrics') return answer(response, 404, 'there are /metrics, /healthz and /readyz\n');
    registry.metrics().then(
      (text) => answer(response, 200, text, registry.contentType),
      (error: Error) => answer(response, 500, `${error.message}\n`),
    );
  });
  await open(server, host, port, at);
  const { address, port: bound } = server.address() as AddressInfo;
  return {
    meter: prometheusMeter(client, registry),
    url: `http://${address.includes(':') ? `[${address}]` : address}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Prometheus keeps its connection.
        server.closeAllConnections();
      }),
  };
}

/** A meter that tells both. */
export function bothMeters(memory: MemoryMeter, served: Meter | undefined): Meter {
  if (!served) return memory;
  return {
    count(...given) {
      memory.count(...given);
      served.count(...given);
    },
    gauge(...given) {
      memory.gauge(...given);
      served.gauge(...given);
    },
  };
}

function answer(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(response.req.method === 'HEAD' ? '' : body);
}

function open(server: Server, host: string, port: number, at: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const refused = ({ message }: Error): void =>
      reject(wrongUse('--listen', `cannot listen on ${at}: ${message}`, 'Choose another address.'));
    server.once('error', refused).listen(port, host, () => {
      server.off('error', refused);
      resolve();
    });
  });
}

function addressOf(at: string): { host: string; port: number } {
  const [, six, name, text] = /^(?:\[([\da-fA-F:.]+)\]:|([^:\s[\]]+):)?(\d{1,5})$/.exec(at) ?? [];
  const port = Number(text);
  if (text === undefined || port > 65_535) throw wrongUse('--listen', `"${at}" is no address`, 'Write 9464, 0.0.0.0:9464 or [::]:9464.');
  return { host: six ?? name ?? '127.0.0.1', port };
}
