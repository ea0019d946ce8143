import type { Alert, AlertSink } from '@auspex/contracts';
import { fromEnv } from '../environment.ts';
import { Poster } from '../http/client.ts';
import { jsonOf } from '../text.ts';
import { oneByOne } from '../undelivered.ts';
import type { PagerdutyOptions } from './config.ts';
import { eventOf } from './event.ts';

const SINK = 'pagerduty';

/** One event an alert, one after the other. */
export class PagerdutySink implements AlertSink {
  readonly #options: PagerdutyOptions;
  readonly #url: URL;
  readonly #routingKey: string;
  readonly #poster: Poster;

  /** @throws AuspexError CONFIG_INVALID when the variable or the file of authorities cannot be read */
  constructor(options: PagerdutyOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
    this.#routingKey = fromEnv(SINK, 'routingKeyEnv', options.routingKeyEnv);
    const hint = () => 'Check url, and that the variable of routingKeyEnv holds the integration key of an Events API v2 integration';
    this.#poster = new Poster({ sink: SINK, hint, secrets: [this.#routingKey] }, options);
  }

  async send(alerts: readonly Alert[], signal: AbortSignal): Promise<void> {
    await oneByOne(
      alerts,
      ({ fingerprint }) => fingerprint,
      (alert) => this.#post(alert, signal),
    );
  }

  async #post(alert: Alert, signal: AbortSignal): Promise<void> {
    const event = { routing_key: this.#routingKey, ...eventOf(alert, this.#options.source) };
    await this.#poster.post(this.#url, jsonOf(event), {}, signal);
  }
}
