import type { Alert, AlertSink, Clock } from '@auspex/contracts';
import { fromEnv } from '../environment.ts';
import { Poster } from '../http/client.ts';
import { jsonOf } from '../text.ts';
import { oneByOne } from '../undelivered.ts';
import type { AlertWebhookOptions } from './config.ts';
import { messageOf } from './message.ts';
import { headerText, Signer } from './secret.ts';

const SINK = 'webhook';

/** Posts each alert by itself, one after the other. */
export class WebhookSink implements AlertSink {
  readonly #url: URL;
  readonly #clock: Clock;
  readonly #signer: Signer;
  readonly #poster: Poster;
  readonly #authorization: Readonly<Record<string, string>>;

  /** @throws AuspexError CONFIG_INVALID when a variable or the file of authorities cannot be read */
  constructor(options: AlertWebhookOptions, clock: Clock) {
    this.#url = new URL(options.url);
    this.#clock = clock;
    this.#signer = new Signer(options.secretEnv);
    const token = options.tokenEnv === undefined ? undefined : fromEnv(SINK, 'tokenEnv', options.tokenEnv);
    this.#authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const asked = token === undefined ? '' : ', that it takes the token (tokenEnv)';
    const hint = () => `Check url, that both have the same secret (secretEnv)${asked}, and that their clocks have the same time`;
    const secrets = [...this.#signer.secrets, ...(token === undefined ? [] : [token])];
    this.#poster = new Poster({ sink: SINK, hint, secrets }, options);
  }

  async send(alerts: readonly Alert[], signal: AbortSignal): Promise<void> {
    await oneByOne(
      alerts,
      ({ fingerprint }) => fingerprint,
      (alert) => this.#post(alert, signal),
    );
  }

  async #post(alert: Alert, signal: AbortSignal): Promise<void> {
    const body = jsonOf(messageOf(alert));
    const id = headerText(alert.key);
    const headers = { ...this.#signer.headers(id, this.#clock.now(), body), 'idempotency-key': id, ...this.#authorization };
    await this.#poster.post(this.#url, body, headers, signal);
  }
}
