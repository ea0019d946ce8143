import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { formatDuration } from '@auspex/contracts';
import { readCa } from '../environment.ts';
import { masked } from '../masked.ts';
import { cut, oneLine } from '../text.ts';
import { Undelivered } from '../undelivered.ts';
import { type HttpOptions, hiddenOf, shown } from './config.ts';

/** Longest answer that is read, bytes. */
const LIMIT = 65_536;
/** What the other end says of an error is cut there. */
const SAID = 200;
const TLS = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME|EPROTO|SSL/;

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Caller {
  /** Which sink, named in errors. */
  readonly sink: string;
  /** What to look at, by options, where the other end does not know who asks, or what for. */
  hint(status: number): string;
  /** Never told, also where the other end repeats them. */
  readonly secrets: readonly string[];
}

/** Posts JSON: bounded in time, one attempt, no redirects. */
export class Poster {
  readonly #caller: Caller;
  readonly #options: HttpOptions;
  readonly #ca: Buffer | undefined;

  /** @throws AuspexError CONFIG_INVALID when the file of authorities cannot be read */
  constructor(caller: Caller, options: HttpOptions) {
    this.#caller = caller;
    this.#options = options;
    this.#ca = options.ca === undefined ? undefined : readCa(caller.sink, options.ca);
  }

  /**
   * Resolves when the other end has taken it: any 2xx.
   *
   * @throws Undelivered, or the reason of the signal
   */
  async post(url: URL, body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const limit = AbortSignal.timeout(this.#options.timeLimit);
    let answer: Answer;
    try {
      answer = await this.#ask(url, body, headers, AbortSignal.any([signal, limit]));
    } catch (error) {
      signal.throwIfAborted();
      if (limit.aborted) throw this.#error(url, `no answer within ${formatDuration(this.#options.timeLimit)}`, false);
      throw this.#outOfReach(url, error as NodeJS.ErrnoException);
    }
    if (answer.status < 200 || answer.status >= 300) throw this.#refused(url, answer);
  }

  // node:http and not fetch, which takes no authorities of its own.
  async #ask(url: URL, body: string, given: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer> {
    const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'auspex',
      ...given,
    };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(url, { method: 'POST', headers, agent: false, signal, ...(this.#ca && { ca: this.#ca }) }, resolve);
      sent.on('error', reject);
      sent.end(body);
    });
    return { status: response.statusCode ?? 0, headers: response.headers, text: await textOf(response) };
  }

  #outOfReach(url: URL, cause: NodeJS.ErrnoException): Undelivered {
    const { code = '' } = cause;
    if (TLS.test(code)) {
      const what = `the certificate is not trusted (${code}): give the authority that signed it as ca, and the name it was made out to`;
      return this.#error(url, what, true, false, cause);
    }
    return this.#error(url, `it cannot be reached (${code || cause.message})`, false, false, cause);
  }

  #refused(url: URL, { status, headers, text }: Answer): Undelivered {
    const said = (words: string, most: number): string => cut(oneLine(masked(words, [...this.#caller.secrets, ...hiddenOf(url)])), most);
    if (status >= 300 && status < 400) {
      const to = headers.location ?? '';
      const there = said(URL.canParse(to, url.href) ? new URL(to, url).origin : 'elsewhere', SAID);
      return this.#error(url, `it redirects to ${there} (HTTP ${status}), and alerts are not sent on: give the address itself`, true);
    }
    const words = said(text, SAID);
    const answers = `it answers HTTP ${status}${words && `: ${words}`}`;
    if (status === 408 || status === 425 || status === 429 || status >= 500) {
      const after = headers['retry-after'];
      return this.#error(url, `${answers}${after === undefined ? '' : ` (to come again after ${said(after, 40)})`}`, false);
    }
    // Of these the message is the cause; of all others who sends it, and where to.
    const alone = status === 400 || status === 413 || status === 422;
    return this.#error(url, `${answers}. ${this.#caller.hint(status)}`, true, alone);
  }

  #error(url: URL, message: string, lasting: boolean, alone = false, cause?: unknown): Undelivered {
    return new Undelivered(message, { path: `${this.#caller.sink}: ${shown(url)}`, lasting, alone, cause });
  }
}

/** The begin of an answer; an endless one is left at that. */
async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    if (size >= LIMIT) break;
  }
  return Buffer.concat(parts).toString('utf8');
}
