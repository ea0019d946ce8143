import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AlertSinkSubject } from '@auspex/testkit';
import { __VALUE__ } from './plugin.ts';

/** What the laws are tried on, with the other end as a server of this process; made anew for each. */
export async function subject(): Promise<AlertSinkSubject> {
  const received: string[] = [];
  let failing = false;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    if (failing) return void response.writeHead(503).end('out of order');
    const { alerts } = JSON.parse(body) as { alerts: { fingerprint: string }[] };
    received.push(...alerts.map(({ fingerprint }) => fingerprint));
    response.writeHead(204).end();
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    plugin: __VALUE__,
    with: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    received: () => received,
    fail: (on) => {
      failing = on;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
