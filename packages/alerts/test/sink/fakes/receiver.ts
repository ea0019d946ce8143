import { Webhook } from 'standardwebhooks';
import type { AlertMessage } from '../../../src/index.ts';
import type { Answer } from '../tools.ts';

/** A receiver as one writes it with the library: verifies, and knows repeats by their id. */
export class Receiver {
  readonly received: string[] = [];
  readonly messages: AlertMessage[] = [];
  readonly ids: string[] = [];
  /** Fingerprints that it refuses. */
  readonly invalid = new Set<string>();
  failing = false;
  readonly #webhook: Webhook;

  constructor(secret: string) {
    this.#webhook = new Webhook(secret);
  }

  readonly answer: Answer = ({ headers, body }, response) => {
    if (this.failing) return void response.writeHead(503, { 'retry-after': '30' }).end('out of order');
    let message: AlertMessage;
    try {
      message = this.#webhook.verify(body, headers) as AlertMessage;
    } catch (error) {
      return void response.writeHead(401).end((error as Error).message);
    }
    if (this.invalid.has(message.data.fingerprint)) return void response.writeHead(422).end('not this one');
    this.ids.push(headers['webhook-id'] ?? '');
    this.messages.push(message);
    this.received.push(message.data.fingerprint);
    response.writeHead(204).end();
  };
}
