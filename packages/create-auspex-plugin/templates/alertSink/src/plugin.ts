import { type Alert, type AlertSink, defineAlertSink, duration } from '@auspex/contracts';
import { z } from 'zod';

const options = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe('Where alerts are posted.'),
  tokenEnv: z.string().min(1).optional().describe('Environment variable that holds the bearer token. Absent = no token is sent.'),
  timeLimit: duration().prefault('5s').describe('Longest wait for an answer. Default 5s.'),
});

/** Posts alerts as JSON: `{ "alerts": [...] }`. */
class Webhook implements AlertSink {
  readonly #options: z.output<typeof options>;

  constructor(given: z.output<typeof options>) {
    this.#options = given;
  }

  /**
   * At least once: what fails rejects, and is sent again. So nothing is held back as a repeat here; receivers tell repeats by
   * the fingerprint.
   */
  async send(alerts: readonly Alert[], signal: AbortSignal): Promise<void> {
    if (alerts.length === 0) return;
    const { url, tokenEnv, timeLimit } = this.#options;
    // Read with each call: a token that was renewed serves without a restart.
    const token = tokenEnv === undefined ? undefined : process.env[tokenEnv];
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ alerts: alerts.map(toPost) }),
      // The engine's signal ends it when the engine stops, ours when the other end hangs.
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeLimit)]),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the webhook answers ${response.status}: ${text.slice(0, 200)}`);
  }
}

/** What the other end is to read. Change this to what yours understands. */
function toPost({ fingerprint, severity, summary, step, labels }: Alert): object {
  return { fingerprint, severity, summary, at: new Date(step).toISOString(), labels };
}

/** The alert sink `__ID__`. */
export const __VALUE__ = defineAlertSink({
  id: '__ID__',
  summary: 'Posts alerts to a webhook.',
  config: options,
  // No connection is made here: that is for `send`.
  create: (given) => new Webhook(given),
});
