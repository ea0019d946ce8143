import { readFileSync } from 'node:fs';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { AuspexError, type ErrorCode, formatDuration } from '@auspex/contracts';
import { type FetchOptions, shown } from './config.ts';

const MOST_REDIRECTS = 5;

/** What the server said of a copy, so that it need not send it again. */
export interface Validators {
  readonly etag?: string;
  readonly modified?: string;
}

export interface Answer {
  /** Undefined: nothing has changed. */
  readonly body: Uint8Array | undefined;
  readonly validators: Validators;
  /** The server's own clock, epoch ms, where it tells. */
  readonly date: number | undefined;
}

/** Gets calendars over HTTP: bounded in time and size, with the copy's validators, and with secrets for the given host alone. */
export class Client {
  readonly #who: string;
  readonly #options: FetchOptions;
  readonly #accept: string;
  readonly #secrets: OutgoingHttpHeaders;
  readonly #ca: Buffer | undefined;

  /**
   * @param who the plugin, named in errors
   * @throws AuspexError CONFIG_INVALID when a variable or the file of authorities cannot be read
   */
  constructor(who: string, options: FetchOptions, accept: string) {
    this.#who = who;
    this.#options = options;
    this.#accept = accept;
    this.#secrets = secretsOf(who, options);
    this.#ca = options.ca === undefined ? undefined : readCa(who, options.ca);
  }

  /** @throws AuspexError SOURCE_UNREACHABLE, SOURCE_REFUSED, SOURCE_MISSING, SOURCE_FAILED; the reason of the signal */
  async get(url: URL, known: Validators, signal: AbortSignal): Promise<Answer> {
    // The whole answer has to be here by then: a silence that is broken by a byte now and then would hold up every refresh after it.
    const deadline = AbortSignal.timeout(this.#options.timeout);
    const both = AbortSignal.any([signal, deadline]);
    let target = url;
    try {
      for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
        const response = await this.#request(target, url, known, both);
        const { statusCode: status = 0, headers } = response;
        const moved = [301, 302, 303, 307, 308].includes(status) ? headers.location : undefined;
        if (moved === undefined) return await this.#answer(response, url, both);
        response.destroy();
        target = this.#redirected(target, moved, url);
      }
    } catch (cause) {
      if (cause instanceof AuspexError) throw cause;
      if (signal.aborted) throw signal.reason;
      const late = `no whole answer within ${formatDuration(this.#options.timeout)}`;
      throw this.#unreachable(url, deadline.aborted ? Object.assign(new Error(late), { code: '' }) : (cause as NodeJS.ErrnoException));
    }
    throw this.#error('SOURCE_FAILED', url, `more than ${MOST_REDIRECTS} redirects`, 'Give the address that they lead to.');
  }

  // node:http and not fetch, which takes no authorities of its own.
  async #request(target: URL, first: URL, known: Validators, signal: AbortSignal): Promise<IncomingMessage> {
    const { request } = target.protocol === 'https:' ? await import('node:https') : await import('node:http');
    const headers: OutgoingHttpHeaders = {
      accept: this.#accept,
      'accept-encoding': 'gzip, identity',
      'user-agent': 'auspex',
      ...(known.etag !== undefined && { 'if-none-match': known.etag }),
      ...(known.modified !== undefined && { 'if-modified-since': known.modified }),
      // Whoever is redirected to is a stranger.
      ...(target.origin === first.origin && this.#secrets),
    };
    const options: RequestOptions = { headers, agent: false, signal, ...(this.#ca && { ca: this.#ca }) };
    return new Promise((resolve, reject) => {
      const sent = request(target, options, (response) => resolve(response));
      sent.on('error', reject);
      sent.end();
    });
  }

  #redirected(from: URL, location: string, first: URL): URL {
    const remedy = 'Give the address that it leads to, if you trust it.';
    if (!URL.canParse(location, from.href)) throw this.#error('SOURCE_FAILED', first, 'it redirects to what is no address', remedy);
    const target = new URL(location, from);
    const worse = from.protocol === 'https:' && target.protocol !== 'https:';
    if (worse || !/^https?:$/.test(target.protocol))
      throw this.#error('SOURCE_FAILED', first, `it redirects to ${target.protocol}`, remedy);
    return target;
  }

  async #answer(response: IncomingMessage, url: URL, signal: AbortSignal): Promise<Answer> {
    const { statusCode: status = 0, headers } = response;
    const told = Date.parse(headers.date ?? '');
    const date = Number.isFinite(told) ? told : undefined;
    if (status === 304) {
      response.resume();
      return { body: undefined, validators: {}, date };
    }
    if (status !== 200) {
      response.destroy();
      throw this.#refused(status, url);
    }
    const encoding = (headers['content-encoding'] ?? 'identity').toLowerCase();
    const packed = encoding === 'gzip' || encoding === 'x-gzip';
    if (!packed && encoding !== 'identity') {
      response.destroy();
      throw this.#error('SOURCE_FAILED', url, `it answers in the encoding ${encoding}, which nobody asked for`, 'Correct the server.');
    }
    const body = await this.#collect(response, packed, url, signal);
    const { etag, 'last-modified': modified } = headers;
    return { body, validators: { ...(etag !== undefined && { etag }), ...(modified !== undefined && { modified }) }, date };
  }

  /** The body, unpacked, bounded as it is unpacked: a kilobyte of gzip may hold a megabyte. */
  async #collect(response: IncomingMessage, packed: boolean, url: URL, signal: AbortSignal): Promise<Uint8Array> {
    const { maxSize } = this.#options;
    const gunzip = packed ? createGunzip() : undefined;
    const stream: Readable = gunzip ? response.pipe(gunzip) : response;
    // A pipe carries no errors.
    if (gunzip)
      response.on('error', (error) => gunzip.destroy(error)).on('aborted', () => gunzip.destroy(new Error('the answer is cut off')));
    const parts: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        signal.throwIfAborted();
        size += chunk.length;
        if (size > maxSize)
          throw this.#error('SOURCE_FAILED', url, `it sends more than ${maxSize} bytes`, 'Ask for less, or raise maxSize.');
        parts.push(chunk);
      }
    } finally {
      response.destroy();
      gunzip?.destroy();
    }
    return Buffer.concat(parts);
  }

  #refused(status: number, url: URL): AuspexError {
    if (status === 401 || status === 403) {
      const remedy = 'Give token, tokenEnv, user and passwordEnv, or headersEnv, of somebody who may read it; or its private address.';
      return this.#error('SOURCE_REFUSED', url, `the server refuses who asks (HTTP ${status})`, remedy);
    }
    if (status === 404 || status === 410) {
      return this.#error(
        'SOURCE_MISSING',
        url,
        `there is no such calendar (HTTP ${status})`,
        'Check the address; a private one changes when it is reset.',
      );
    }
    return this.#error('SOURCE_FAILED', url, `the server answers HTTP ${status}`, 'Check the address and the server; it is asked again.');
  }

  #unreachable(url: URL, cause: NodeJS.ErrnoException): AuspexError {
    const { code = '' } = cause;
    if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME|EPROTO|SSL/.test(code)) {
      const remedy = 'Give the authority that signed the certificate as ca, and the name it was made out to in the address.';
      return this.#error('SOURCE_UNREACHABLE', url, `the TLS connection is not trusted (${code})`, remedy, cause);
    }
    const remedy = 'Check the address and that the server runs and is reachable from here; it is asked again.';
    return this.#error('SOURCE_UNREACHABLE', url, `the calendar cannot be fetched (${cause.message || code})`, remedy, cause);
  }

  #error(code: ErrorCode, url: URL, message: string, remedy: string, cause?: unknown): AuspexError {
    return new AuspexError(code, message, { path: `${this.#who}: ${shown(url)}`, remedy, ...(cause === undefined ? {} : { cause }) });
  }
}

function secretsOf(who: string, { token, tokenEnv, user, passwordEnv, headers, headersEnv }: FetchOptions): Record<string, string> {
  const secret = Object.entries(headersEnv).map(([name, variable]) => [name, fromEnv(who, variable, `headersEnv.${name}`)] as const);
  const all = { ...headers, ...Object.fromEntries(secret) };
  const bearer = tokenEnv === undefined ? token : fromEnv(who, tokenEnv, 'tokenEnv');
  if (bearer !== undefined) return { ...all, authorization: `Bearer ${bearer}` };
  if (user === undefined) return all;
  const password = passwordEnv === undefined ? '' : fromEnv(who, passwordEnv, 'passwordEnv');
  return { ...all, authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

function fromEnv(who: string, name: string, option: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new AuspexError('CONFIG_INVALID', `the environment variable ${name} is empty`, {
    path: `${who}.${option}`,
    remedy: `Set ${name}, or leave ${option} out.`,
  });
}

function readCa(who: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new AuspexError('CONFIG_INVALID', `the file of authorities cannot be read: ${file}`, {
      path: `${who}.ca`,
      remedy: 'Give the path of a PEM file that this user may read.',
      cause,
    });
  }
}
