import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Alert, AlertSink, AuspexError, Plugin, PluginContext } from '@auspex/contracts';
import { fakeContext } from '@auspex/testkit';
import { afterAll, expect } from 'vitest';

export const STEP = Date.UTC(2026, 0, 5);
export const never = new AbortController().signal;

export function alert(fingerprint: string, given: Partial<Alert> = {}): Alert {
  const status = given.status ?? 'firing';
  const startsAt = given.startsAt ?? STEP;
  return {
    fingerprint,
    key: `${fingerprint}@${startsAt}/${status}`,
    status,
    severity: 'warning',
    summary: `what is behind ${fingerprint}`,
    step: STEP,
    startsAt,
    labels: { rule: 'surge', pool: 'web' },
    ...given,
  };
}

/** Texts that break what is put together by hand. */
export const HOSTILE: readonly Alert[] = [
  alert('hostile/lines', { summary: 'first\r\nBcc: everybody@example.org\r\n\r\nbody', details: ['a\nb', '\u2028c'] }),
  alert('hostile/markup', { summary: '<!channel> <@U1> <http://evil|click> &amp; @everyone @here *b*', details: ['<script>'] }),
  alert('hostile/quotes', { summary: '"\'`\\ {{ .Labels }} $(x) %s', labels: { 'a b': '"', 'a-b': "'", 'a.b': '\\' } }),
  alert('hostile/half \ud83d', { summary: `half a character \ud83d and whole ones 🔥${'🔥'.repeat(3_000)}` }),
  alert('hostile/turned', {
    summary: 'invoice\u202egpj.exe',
    labels: { __proto__x: 'x', ['__proto__']: 'polluted', '': 'nameless', '1st': 'digit' },
  }),
  alert('hostile/long', { summary: 'x'.repeat(20_000), details: Array.from({ length: 300 }, () => '&'.repeat(3_000)) }),
  alert('hostile/nothing', { summary: '', labels: {}, details: [] }),
];

/** Replaces what is no whole character, as any encoding does. */
export const wellFormed = (text: string): string => Buffer.from(text).toString();

export function make(plugin: unknown, options: object, context: Partial<PluginContext> = {}): AlertSink {
  const { config, create } = plugin as Plugin<'alertSink'>;
  return create(config.parse(options), fakeContext(context));
}

/** Why a send was refused. */
export async function refusal(sent: Promise<void>): Promise<AuspexError> {
  const error = await sent.then(
    () => undefined,
    (reason: AuspexError) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return error as AuspexError;
}

/** All that a reader of an error may see: it, what it is about, and its causes. */
export function everything(error: unknown): string {
  const parts: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    parts.push(at.message, at.stack ?? '', JSON.stringify(at, Object.getOwnPropertyNames(at)), String((at as { remedy?: string }).remedy));
  }
  return parts.join('\n');
}

/** Sets variables for this file. */
export function setEnv(variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) process.env[name] = value;
  afterAll(() => {
    for (const name of Object.keys(variables)) delete process.env[name];
  });
}

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Answer = (seen: Seen, response: ServerResponse) => unknown;

export interface Served {
  readonly url: string;
  readonly requests: Seen[];
  answer: Answer;
  /** How many connections are open. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

/** A real server on this machine, which reads each request whole before it answers. */
export async function serve(answer: Answer, tls?: Certificates): Promise<Served> {
  const requests: Seen[] = [];
  const served = { answer };
  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = Buffer.concat(await request.toArray()).toString();
    const seen = { method: request.method ?? '', url: request.url ?? '', headers: request.headers as Record<string, string>, body };
    requests.push(seen);
    await served.answer(seen, response);
  };
  // Of a client that goes away in the middle there is nothing to be read.
  const quiet = (request: IncomingMessage, response: ServerResponse): void => void listener(request, response).catch(() => undefined);
  const server = tls ? createTlsServer({ cert: tls.certificate, key: tls.key }, quiet) : createServer(quiet);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  afterAll(close);
  return Object.assign(served, {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    connections: () =>
      new Promise<number>((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count)))),
    close,
  });
}

export interface Certificates {
  /** Path of the authority, PEM. */
  readonly ca: string;
  readonly certificate: Buffer;
  readonly key: Buffer;
}

/** An authority, and a certificate of it for 127.0.0.1. */
export function makeCertificates(): Certificates {
  const cwd = mkdtempSync(path.join(tmpdir(), 'auspex-alerts-'));
  afterAll(() => rmSync(cwd, { recursive: true, force: true }));
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd, stdio: 'ignore' });
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...fresh, '-days', '2', '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test-ca');
  openssl('req', ...fresh, '-keyout', 'key', '-out', 'csr', '-subj', '/CN=localhost');
  writeFileSync(path.join(cwd, 'names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost');
  openssl(
    'x509',
    '-req',
    '-in',
    'csr',
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    'names',
    '-out',
    'crt',
  );
  const read = (name: string): Buffer => readFileSync(path.join(cwd, name));
  return { ca: path.join(cwd, 'ca.crt'), certificate: read('crt'), key: read('key') };
}

/** Waits until something is so. */
export async function until(test: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await test())) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
