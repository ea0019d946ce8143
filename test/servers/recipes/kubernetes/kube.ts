import { request } from 'node:https';

/** An answer of the API server that is no success. */
export class KubeError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: objects of many kinds, looked into by tests
export type Json = any;

/** The API of a test cluster, in JSON, without a client library. Certificates are not looked at: it is this machine's own server. */
export class Kube {
  readonly #address: string;
  readonly #token: string | undefined;

  constructor(address: string, token?: string) {
    this.#address = address;
    this.#token = token;
  }

  /** @throws KubeError */
  call(method: string, path: string, body?: object | string, type = 'application/json'): Promise<Json> {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request(
        `${this.#address}${path}`,
        {
          method,
          agent: false,
          rejectUnauthorized: false,
          timeout: 5_000,
          headers: {
            ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
            ...(text === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(text) }),
          },
        },
        (response) => {
          let answer = '';
          response.setEncoding('utf8').on('data', (part) => {
            answer += part;
          });
          response.on('error', reject).on('end', () => {
            const { statusCode = 0 } = response;
            if (statusCode < 200 || statusCode > 299) {
              return reject(new KubeError(statusCode, `${method} ${path}: ${statusCode} ${answer}`));
            }
            resolve(response.headers['content-type']?.startsWith('application/json') ? JSON.parse(answer) : answer);
          });
        },
      );
      sent.on('timeout', () => sent.destroy(new Error(`${path}: no answer`)));
      sent.on('error', reject).end(text);
    });
  }

  get(path: string): Promise<Json> {
    return this.call('GET', path);
  }

  create(path: string, body: object): Promise<Json> {
    return this.call('POST', path, body);
  }

  /** As `kubectl patch --type=merge` does. */
  merge(path: string, body: object): Promise<Json> {
    return this.call('PATCH', `${path}?fieldManager=kubectl-patch`, body, 'application/merge-patch+json');
  }

  delete(path: string): Promise<Json> {
    return this.call('DELETE', path);
  }
}
