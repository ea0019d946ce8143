import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Unavailable } from '../target/index.ts';

/** Largest answer that is read, bytes: a ComputerSystem takes some kilobytes. */
const LIMIT = 4_194_304;

export interface Question {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON; makes it a POST. */
  readonly body?: string | undefined;
  /** Authorities to trust instead of the system's. */
  readonly ca: Buffer | undefined;
  /** Milliseconds for the whole answer. */
  readonly timeLimit: number;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/**
 * Asks once. node:http and not fetch, which takes no authorities of its own; a connection for each, since BMCs have few and drop those that idle.
 *
 * @throws Unavailable where there is no answer; the reason of the signal
 */
export function send({ url, headers, body, ca, timeLimit, signal }: Question): Promise<Answer> {
  const limit = AbortSignal.timeout(timeLimit);
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const content = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      if (signal.aborted) reject(signal.reason);
      else if (limit.aborted) reject(new Unavailable(`${url.origin} did not answer within ${timeLimit} ms`, { cause: error }));
      else reject(new Unavailable(`${url.origin} does not answer (${error.code ?? error.message})`, { cause: error }));
    };
    const sent = request(
      url,
      {
        method: body === undefined ? 'GET' : 'POST',
        headers: { accept: 'application/json', 'odata-version': '4.0', ...content, ...headers },
        agent: false,
        signal: AbortSignal.any([signal, limit]),
        ...(ca && { ca }),
      },
      (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        response.on('data', (part: Buffer) => {
          size += part.length;
          if (size <= LIMIT) parts.push(part);
          else sent.destroy(new Error(`the answer holds more than ${LIMIT} bytes`));
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString('utf8') }),
        );
        response.on('error', fail);
      },
    );
    sent.on('error', fail);
    sent.end(body);
  });
}
