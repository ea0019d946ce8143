import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { AuspexError, type Clock } from '@auspex/contracts';
import type { Published } from '../metric/published.ts';
import { type Answer, answerTo } from './api.ts';

export interface MetricsServerOptions {
  /** `host:port`; port 0 = any that is free. */
  readonly listen: string;
  readonly tls: { readonly certificate: string; readonly key: string; readonly ca?: string | undefined };
  readonly clock: Clock;
}

/** Serves the external metrics API. @throws AuspexError PLUGIN_FAILED where a file cannot be read or the address not be had */
export async function startMetrics(
  { listen, tls, clock }: MetricsServerOptions,
  published: Published,
): Promise<{ address: string; close(): Promise<void> }> {
  const cut = listen.lastIndexOf(':');
  const host = listen.slice(0, cut);
  const ca = tls.ca === undefined ? {} : { ca: await read('ca', tls.ca), requestCert: true, rejectUnauthorized: true };
  const server = createServer(
    { cert: await read('certificate', tls.certificate), key: await read('key', tls.key), ...ca },
    (request, response) => {
      const { status, body } = answer(request, published, new Date(clock.now()).toISOString());
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const remedy = 'Free the port, or choose another with listen.';
      const path = 'actuator(external-metrics).listen';
      reject(new AuspexError('PLUGIN_FAILED', `cannot listen at ${listen}: ${cause.message}`, { path, cause, remedy }));
    });
    server.listen(Number(listen.slice(cut + 1)), host.replace(/^\[|\]$/g, ''), resolve);
  });
  return {
    address: `${host}:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // The aggregator keeps its connections open: they are not waited for.
        server.closeAllConnections();
      }),
  };
}

/** Never throws: what is thrown here would end the engine, and anybody may ask. */
function answer({ method, url = '/' }: IncomingMessage, published: Published, timestamp: string): Answer {
  if (method !== 'GET') return { status: 405, body: { message: 'only GET is served here' } };
  try {
    return answerTo(new URL(url, 'https://metrics'), published, timestamp);
  } catch {
    return { status: 400, body: { message: 'the path is none' } };
  }
}

async function read(option: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const path = `actuator(external-metrics).tls.${option}`;
    const remedy = 'Correct the path, or let the engine read it.';
    throw new AuspexError('PLUGIN_FAILED', `${file} cannot be read: ${(cause as Error).message}`, { path, cause, remedy });
  }
}
