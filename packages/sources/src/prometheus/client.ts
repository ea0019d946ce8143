import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { AuspexError, type ErrorCode } from '@auspex/contracts';
import type { PrometheusOptions } from './config.ts';

/** Largest answer that is read, bytes. */
const LIMIT = 268_435_456;

/** One series of a range query: labels, and values at epoch seconds as Prometheus writes them. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [number, string])[];
}

/** A request that failed. Retriable: the same one may succeed later. */
export class QueryFailed extends Error {
  readonly error: AuspexError;
  /** `out-of-reach`: nobody answered; `busy`: the server says to come again; undefined: no use in trying again. */
  readonly retry: 'out-of-reach' | 'busy' | undefined;
  /** What the server asks to wait, milliseconds. */
  readonly after: number;

  constructor(error: AuspexError, retry?: 'out-of-reach' | 'busy', after = 0) {
    super(error.message);
    this.error = error;
    this.retry = retry;
    this.after = after;
  }
}

interface Response {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Asks a Prometheus, or whatever speaks its HTTP API: Thanos, Mimir, VictoriaMetrics. */
export class PrometheusClient {
  readonly #options: PrometheusOptions;
  readonly #target: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #ca: Buffer | undefined;

  /** @throws AuspexError CONFIG_INVALID when a variable or the file of authorities cannot be read */
  constructor(options: PrometheusOptions) {
    this.#options = options;
    this.#target = new URL(`${options.url.replace(/\/+$/, '')}/api/v1/query_range`);
    this.#headers = { ...options.headers, ...authorization(options) };
    this.#ca = options.ca === undefined ? undefined : readCa(options.ca);
  }

  /**
   * The series of a range, both ends included; times in epoch ms.
   *
   * @throws QueryFailed
   */
  async range(from: number, to: number, signal: AbortSignal): Promise<Series[]> {
    const { query, step } = this.#options;
    const form = new URLSearchParams({ query, start: String(from / 1000), end: String(to / 1000), step: String(step / 1000) });
    const response = await this.#post(form.toString(), signal);
    if (response.status !== 200) throw this.#refused(response);
    const answer = parse(response.body) as { status?: string; data?: { resultType?: string; result?: unknown } } | undefined;
    if (answer?.status !== 'success' || answer.data?.resultType !== 'matrix' || !Array.isArray(answer.data.result)) {
      throw new QueryFailed(
        this.#error(
          'SOURCE_FAILED',
          `this is no answer of a Prometheus: ${response.body.slice(0, 120)}`,
          'Check the url: it is the one under which /api/v1 is found.',
        ),
      );
    }
    return answer.data.result as Series[];
  }

  // node:http and not fetch, which takes no authorities of its own and bounds no answer.
  async #post(body: string, signal: AbortSignal): Promise<Response> {
    const { request } = this.#target.protocol === 'https:' ? await import('node:https') : await import('node:http');
    const { timeout } = this.#options;
    return new Promise((resolve, reject) => {
      const fail = (cause: NodeJS.ErrnoException) => reject(signal.aborted ? signal.reason : this.#outOfReach(cause));
      const headers = {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(body),
      };
      const sent = request(
        this.#target,
        { method: 'POST', headers: { ...headers, ...this.#headers }, agent: false, timeout, signal, ...(this.#ca && { ca: this.#ca }) },
        (response) => {
          const parts: Buffer[] = [];
          let size = 0;
          response.on('data', (chunk: Buffer) => {
            size += chunk.length;
            if (size <= LIMIT) parts.push(chunk);
            else sent.destroy(new Error(`the answer holds more than ${LIMIT} bytes: lower points`));
          });
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString('utf8') }),
          );
          response.on('error', fail);
        },
      );
      sent.on('timeout', () => sent.destroy(new Error(`no answer for ${timeout} ms`)));
      sent.on('error', fail);
      sent.end(body);
    });
  }

  #error(code: ErrorCode, message: string, remedy: string, cause?: unknown): AuspexError {
    return new AuspexError(code, message, { path: this.#options.url, remedy, ...(cause === undefined ? {} : { cause }) });
  }

  #outOfReach(cause: NodeJS.ErrnoException): QueryFailed {
    const { code = '' } = cause;
    if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME|EPROTO|SSL/.test(code)) {
      const remedy = 'Give the authority that signed the certificate as ca, and the name it was made out to in url.';
      return new QueryFailed(this.#error('SOURCE_UNREACHABLE', `the TLS connection is not trusted (${code})`, remedy, cause));
    }
    return new QueryFailed(
      this.#error(
        'SOURCE_UNREACHABLE',
        `Prometheus cannot be reached (${cause.message || code})`,
        'Check url and that the server runs and is reachable from here.',
        cause,
      ),
      'out-of-reach',
    );
  }

  /** An answer that is an error; Prometheus says in its own words what is wrong with a query. */
  #refused({ status, headers, body }: Response): QueryFailed {
    const said = (parse(body) as { error?: string } | undefined)?.error ?? body.trim().slice(0, 200);
    const because = said ? `: ${said}` : '';
    if (status === 401 || status === 403) {
      const remedy = 'Give token, tokenEnv, or user and passwordEnv, of somebody who may query.';
      return new QueryFailed(this.#error('SOURCE_REFUSED', `Prometheus refuses who asks (HTTP ${status})${because}`, remedy));
    }
    if (status === 400 || status === 422) {
      const remedy = 'Try the query in the expression browser of Prometheus; it says the same there.';
      return new QueryFailed(this.#error('SOURCE_FAILED', `Prometheus refuses the query (HTTP ${status})${because}`, remedy));
    }
    const error = this.#error(
      'SOURCE_FAILED',
      `Prometheus answers HTTP ${status}${because}`,
      'Check url, with the prefix that Prometheus is served under.',
    );
    if (status === 429 || status >= 500) return new QueryFailed(error, 'busy', Math.max(0, Number(headers['retry-after']) || 0) * 1000);
    return new QueryFailed(error);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function authorization({ token, tokenEnv, user, passwordEnv }: PrometheusOptions): Record<string, string> {
  const bearer = tokenEnv === undefined ? token : fromEnv(tokenEnv, 'tokenEnv');
  if (bearer !== undefined) return { authorization: `Bearer ${bearer}` };
  if (user === undefined) return {};
  const password = passwordEnv === undefined ? '' : fromEnv(passwordEnv, 'passwordEnv');
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

function fromEnv(name: string, option: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new AuspexError('CONFIG_INVALID', `the environment variable ${name} is empty`, {
    path: `prometheus.${option}`,
    remedy: `Set ${name}, or leave ${option} out.`,
  });
}

function readCa(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new AuspexError('CONFIG_INVALID', `the file of authorities cannot be read: ${file}`, {
      path: 'prometheus.ca',
      remedy: 'Give the path of a PEM file that this user may read.',
      cause,
    });
  }
}
