import type { Alert, AlertSink, PluginContext } from '@auspex/contracts';
import { fromEnv } from '../environment.ts';
import { Poster } from '../http/client.ts';
import { shown } from '../http/config.ts';
import { jsonOf } from '../text.ts';
import { oneByOne, Undelivered } from '../undelivered.ts';
import { type PostableAlert, postable } from './alert.ts';
import type { AlertmanagerOptions } from './config.ts';

const SINK = 'alertmanager';

/**
 * Sends alerts to every member of a cluster, as Prometheus does: members share silences and what was notified, not alerts
 * (https://prometheus.io/docs/alerting/latest/high_availability/). A send is done when one of them has all of it; a member that
 * was away gets what still fires with the next repeat.
 */
export class AlertmanagerSink implements AlertSink {
  readonly #options: AlertmanagerOptions;
  readonly #context: Pick<PluginContext, 'clock' | 'logger'>;
  readonly #poster: Poster;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #members: readonly URL[];
  /** Members that did not take the last send: each is told of once. */
  readonly #missed = new Set<URL>();

  /** @throws AuspexError CONFIG_INVALID when a variable or the file of authorities cannot be read */
  constructor(options: AlertmanagerOptions, context: Pick<PluginContext, 'clock' | 'logger'>) {
    this.#options = options;
    this.#context = context;
    const { authorization, secrets } = authorizationOf(options);
    this.#headers = { ...options.headers, ...authorization };
    this.#poster = new Poster({ sink: SINK, hint: (status) => hintOf(status, options), secrets }, options);
    this.#members = options.urls.map(alertsOf);
  }

  async send(alerts: readonly Alert[], signal: AbortSignal): Promise<void> {
    if (alerts.length === 0) return;
    const now = this.#context.clock.now();
    const posts = alerts.map((alert) => postable(alert, this.#options, now));
    const results = await Promise.allSettled(this.#members.map((member) => this.#tell(member, posts, signal)));
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
    if (failures.length < results.length) return this.#note(results);
    signal.throwIfAborted();
    throw failures[0];
  }

  async #tell(member: URL, posts: readonly PostableAlert[], signal: AbortSignal): Promise<void> {
    const post = (some: readonly PostableAlert[]): Promise<void> => this.#poster.post(member, jsonOf(some), this.#headers, signal);
    try {
      await post(posts);
    } catch (error) {
      if (!(error instanceof Undelivered && error.alone && posts.length > 1)) throw error;
      // One that it does not take must not keep the others from it.
      await oneByOne(
        posts,
        ({ labels }) => labels['fingerprint'] ?? '',
        (each) => post([each]),
      );
    }
  }

  #note(results: readonly PromiseSettledResult<void>[]): void {
    for (const [index, result] of results.entries()) {
      const member = this.#members[index] as URL;
      if (result.status === 'fulfilled') {
        if (this.#missed.delete(member)) this.#context.logger.info({ member: shown(member) }, 'this Alertmanager takes alerts again');
      } else if (!this.#missed.has(member)) {
        this.#missed.add(member);
        const { message } = result.reason as Error;
        this.#context.logger.warn({ member: shown(member), error: message }, 'an Alertmanager does not take alerts; another one has them');
      }
    }
  }
}

/** Where alerts are posted, under the prefix of `address`. */
function alertsOf(address: string): URL {
  const url = new URL(address);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v2/alerts`;
  return url;
}

/** The option that is to blame first. */
function hintOf(status: number, { tokenEnv, user }: AlertmanagerOptions): string {
  const urls = 'urls (with the prefix it is served under)';
  if (status !== 401 && status !== 403) return `Check ${urls}`;
  if (tokenEnv !== undefined) return `Check that the variable of tokenEnv holds its token, and ${urls}`;
  if (user !== undefined) return `Check user, that the variable of passwordEnv holds the password, and ${urls}`;
  return `Give tokenEnv, or user and passwordEnv, where it asks who sends; else check ${urls}`;
}

function authorizationOf({ tokenEnv, user, passwordEnv }: AlertmanagerOptions): {
  readonly authorization: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
} {
  if (tokenEnv !== undefined) {
    const token = fromEnv(SINK, 'tokenEnv', tokenEnv);
    return { authorization: { authorization: `Bearer ${token}` }, secrets: [token] };
  }
  if (user === undefined) return { authorization: {}, secrets: [] };
  const password = passwordEnv === undefined ? '' : fromEnv(SINK, 'passwordEnv', passwordEnv);
  const both = `${user}:${password}`;
  const authorization = { authorization: `Basic ${Buffer.from(both).toString('base64')}` };
  return { authorization, secrets: password === '' ? [] : [password, both] };
}
