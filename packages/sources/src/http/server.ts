import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AuspexError, loadPeer } from '@auspex/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Refusal, readBody } from './body.ts';
import type { HttpOptions } from './config.ts';

/** What became of a body. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** The sender may try again, after the time that the options say. */
  readonly retry?: boolean;
}

/** What the server asks of the source. */
export interface Receiver {
  /** Is there no room at all? Asked before a body is read. */
  full(): boolean;
  receive(body: Buffer, request: IncomingMessage, lines: boolean): Promise<Answer>;
  health(): Readonly<Record<string, unknown>>;
}

export interface Server {
  readonly url: string;
  readonly port: number;
  /** Requests that are being answered get 503, then all connections are closed. */
  close(): Promise<void>;
}

const query = z.object({ lines: z.enum(['true', 'false']).default('false') });
const STOPPING = { error: 'stopping: send again' };

/**
 * Listens for events.
 *
 * @param token asked of senders; undefined = none
 * @throws AuspexError PLUGIN_NOT_FOUND without fastify, SOURCE_REFUSED where this user may not listen there, SOURCE_FAILED when the address cannot be had
 */
export async function listen(options: HttpOptions, token: string | undefined, receiver: Receiver): Promise<Server> {
  const { fastify } = await loadPeer('http', 'fastify', () => import('fastify'));
  const { host, port, path, maxBody, requestTimeout, connections } = options;
  const retryAfter = String(Math.ceil(options.retryAfter / 1000));
  const app = fastify({
    logger: false,
    bodyLimit: maxBody,
    requestTimeout,
    keepAliveTimeout: 30_000,
    forceCloseConnections: true,
    http: { headersTimeout: requestTimeout, connectionsCheckingInterval: Math.min(1_000, requestTimeout), maxHeaderSize: 16_384 },
  });
  app.server.maxConnections = connections;
  app.setValidatorCompiler(({ schema }) => (data) => {
    const parsed = (schema as unknown as z.ZodType).safeParse(data);
    return parsed.success ? { value: parsed.data } : { error: new Error(parsed.error.issues.map((issue) => issue.message).join('; ')) };
  });
  // Bodies are read by the handler: bounded while they are unpacked, and given up when the source stops.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  const open = new Map<FastifyReply, Promise<void>>();
  let stopping = false;
  const send = (reply: FastifyReply, { status, body, retry }: Answer): FastifyReply => {
    if (reply.sent) return reply;
    if (retry) reply.header('retry-after', retryAfter);
    // What is left of a body that was not read would be taken for the next request.
    if (!reply.request.raw.complete) reply.header('connection', 'close');
    return reply.code(status).send(body);
  };
  app.addHook('onRequest', async (_request, reply) => {
    const answered = new Promise<void>((resolve) => {
      reply.raw.once('finish', resolve);
      reply.raw.once('close', resolve);
    });
    open.set(reply, answered);
    void answered.then(() => open.delete(reply));
    if (stopping) return send(reply, { status: 503, body: STOPPING, retry: true });
  });
  app.setErrorHandler((error, _request, reply) => {
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    return send(reply, { status, body: { error: status < 500 ? (error as Error).message : 'internal error' } });
  });
  app.setNotFoundHandler((_request, reply) => send(reply, { status: 404, body: { error: `post events to ${path}` } }));
  app.get('/health', (_request, reply) => send(reply, { status: 200, body: receiver.health() }));
  app.post(path, { schema: { querystring: query } }, async (request: FastifyRequest, reply) => {
    if (token !== undefined && !isToken(request.headers.authorization, token)) {
      reply.header('www-authenticate', 'Bearer');
      return send(reply, { status: 401, body: { error: 'a bearer token is asked for, and this is not it' } });
    }
    if (receiver.full()) return send(reply, { status: 429, body: { error: 'the queue is full' }, retry: true });
    try {
      const body = await readBody(request.raw, maxBody);
      const { lines } = request.query as z.output<typeof query>;
      return send(reply, await receiver.receive(body, request.raw, lines === 'true'));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return send(reply, { status: error.status, body: { error: error.message } });
    }
  });
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    throw listenError(options, cause as NodeJS.ErrnoException);
  }
  const address = app.server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${name}:${address.port}`,
    port: address.port,
    async close() {
      stopping = true;
      for (const reply of open.keys()) send(reply, { status: 503, body: STOPPING, retry: true });
      await Promise.all(open.values());
      await app.close();
    },
  };
}

/** Compares in constant time; of the hashes, so that the length tells nothing either. */
function isToken(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(.+)$/i.exec(header ?? '')?.[1] ?? '';
  return timingSafeEqual(sha256(given), sha256(token));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function listenError({ host, port }: HttpOptions, cause: NodeJS.ErrnoException): AuspexError {
  const path = `${host}:${port}`;
  if (cause.code === 'EADDRINUSE') {
    return new AuspexError('SOURCE_FAILED', 'the port is taken by another process', {
      path,
      remedy: 'Choose another port, or 0 for a free one.',
      cause,
    });
  }
  if (cause.code === 'EACCES') {
    return new AuspexError('SOURCE_REFUSED', 'the system does not let this user listen there', {
      path,
      remedy: 'Choose a port from 1024 on.',
      cause,
    });
  }
  return new AuspexError('SOURCE_FAILED', `the address cannot be listened on (${cause.message})`, {
    path,
    remedy: 'Give an address of this machine as host: 127.0.0.1, or 0.0.0.0 for all.',
    cause,
  });
}
