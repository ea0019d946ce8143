import type { Clock } from '@auspex/contracts';
import type { z } from 'zod';
import { Conflict, Refused, Unavailable } from '../target/index.ts';
import { type Confirmation, confirmationShape, type Message, type State, stateShape, type WebhookClient } from './client.ts';
import type { WebhookOptions } from './config.ts';
import { sign } from './secret.ts';

/** Longest answer that is read, bytes. */
const LIMIT = 65_536;
/** What the receiver says of an error is cut there. */
const SAID = 200;
const TLS = /CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME|EPROTO|SSL/;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A receiver behind HTTP: signed requests, no redirects, no retries. */
export class HttpWebhook implements WebhookClient {
  readonly #options: Pick<WebhookOptions, 'url' | 'timeLimit'>;
  readonly #key: Buffer;
  readonly #clock: Clock;
  /** For messages: without a query, which may hold what is nobody's business. */
  readonly #name: string;

  /** @param key by which requests are signed */
  constructor(options: Pick<WebhookOptions, 'url' | 'timeLimit'>, key: Buffer, clock: Clock) {
    this.#options = options;
    this.#key = key;
    this.#clock = clock;
    const { origin, pathname } = new URL(options.url);
    this.#name = `${origin}${pathname}`;
  }

  async read(pool: string, signal: AbortSignal): Promise<State> {
    const url = new URL(this.#options.url);
    url.searchParams.set('pool', pool);
    // The query is not signed; the id, which is, names the pool too.
    const answer = await this.#ask('GET', url, `${pool}@read-${this.#clock.now()}`, '', signal);
    return this.#parse(answer, stateShape);
  }

  async order(message: Message, signal: AbortSignal): Promise<Confirmation> {
    const answer = await this.#ask('POST', new URL(this.#options.url), message.key, JSON.stringify(message), signal);
    return this.#parse(answer, confirmationShape);
  }

  async #ask(method: 'GET' | 'POST', url: URL, id: string, body: string, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    const { timeLimit } = this.#options;
    const limit = AbortSignal.timeout(timeLimit);
    const headers = {
      accept: 'application/json',
      'user-agent': 'auspex',
      ...sign(this.#key, id, this.#clock.now(), body),
      ...(method === 'POST' && { 'content-type': 'application/json' }),
    };
    let answer: Answer;
    try {
      const response = await fetch(url, {
        method,
        headers,
        redirect: 'manual',
        signal: AbortSignal.any([signal, limit]),
        ...(method === 'POST' && { body }),
      });
      answer = { status: response.status, headers: response.headers, text: await this.#text(response) };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Refused) throw error;
      if (limit.aborted) throw new Unavailable(`${this.#name} does not answer within ${timeLimit} ms`, { cause: error });
      throw this.#outOfReach(error as Error);
    }
    if (answer.status < 200 || answer.status >= 300) throw this.#refused(answer);
    return answer;
  }

  async #text(response: Response): Promise<string> {
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of response.body ?? []) {
      size += part.length;
      if (size > LIMIT) throw new Refused(`${this.#name} answers with more than ${LIMIT} bytes`);
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  }

  #parse<T>({ text }: Answer, shape: z.ZodType<T>): T {
    let given: unknown;
    try {
      given = JSON.parse(text);
    } catch {
      throw new Refused(`${this.#name} answers with no JSON: ${text.slice(0, SAID)}`);
    }
    const { success, data, error } = shape.safeParse(given);
    if (success) return data;
    const what = error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`).join('; ');
    throw new Refused(`${this.#name} does not answer as a receiver does: ${what}`);
  }

  #outOfReach(error: Error): Error {
    const cause = (error.cause ?? error) as NodeJS.ErrnoException;
    const { code = '', message } = cause;
    if (TLS.test(code)) {
      return new Refused(`the certificate of ${this.#name} is not trusted (${code}): name its authority in NODE_EXTRA_CA_CERTS`, { cause });
    }
    return new Unavailable(`${this.#name} cannot be reached (${code || message})`, { cause });
  }

  #refused({ status, headers, text }: Answer): Error {
    const said = `${this.#name} answers HTTP ${status}${text.trim() && `: ${text.trim().slice(0, SAID)}`}`;
    if (status === 409) return new Conflict(said);
    if (status === 408 || status === 425 || status === 429 || status >= 500) return new Unavailable(said, { after: this.#after(headers) });
    if (status >= 300 && status < 400) {
      const location = headers.get('location');
      const there = location && URL.canParse(location, this.#name) ? new URL(location, this.#name).origin : 'elsewhere';
      return new Refused(`${this.#name} redirects to ${there} (HTTP ${status}), and orders are not sent on: correct url`);
    }
    if (status === 401 || status === 403)
      return new Refused(`${said}. Check that both have the same secret, and their clocks the same time`);
    return new Refused(said);
  }

  /** `Retry-After`, seconds or a date, as milliseconds from now. */
  #after(headers: Headers): number {
    const text = headers.get('retry-after') ?? '';
    const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - this.#clock.now();
    return Number.isFinite(ms) ? Math.max(0, ms) : 0;
  }
}
