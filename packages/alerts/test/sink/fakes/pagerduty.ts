import type { PagerdutyEvent } from '../../../src/sink/pagerduty/event.ts';
import type { Answer } from '../tools.ts';

const SEVERITIES = ['critical', 'error', 'warning', 'info'];

/**
 * A mock: takes and refuses as https://developer.pagerduty.com/docs/send-alert-event and .../events-api-v2-overview say: 202, 400 with
 * a list of errors, 429; 512 KB an event.
 */
export class FakePagerduty {
  readonly events: (PagerdutyEvent & { readonly routing_key: string })[] = [];
  /** Dedup keys of what is open. */
  readonly open = new Set<string>();
  failing = false;

  get received(): string[] {
    return this.events.map(({ payload }) => String(payload.custom_details['fingerprint']));
  }

  readonly answer: Answer = ({ url, body }, response) => {
    const say = (status: number, what: object): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(what));
    if (this.failing) return void response.writeHead(429, { 'retry-after': '7' }).end();
    if (url !== '/v2/enqueue') return void response.writeHead(404).end();
    if (Buffer.byteLength(body) > 512 * 1_024) return void response.writeHead(413).end();
    const event = JSON.parse(body) as PagerdutyEvent & { readonly routing_key: string };
    const { summary, source, severity, timestamp } = event.payload;
    const errors = [
      ...(event.routing_key.length === 32 ? [] : [`Length of 'routing_key' is incorrect (should be 32 characters): ${event.routing_key}`]),
      ...(summary !== '' && summary.length <= 1_024 ? [] : ["'payload.summary' is missing or too long"]),
      ...(source ? [] : ["'payload.source' is missing or blank"]),
      ...(SEVERITIES.includes(severity) ? [] : ["'payload.severity' is invalid"]),
      ...(event.dedup_key.length > 0 && event.dedup_key.length <= 255 ? [] : ["'dedup_key' is too long"]),
      ...(Number.isNaN(Date.parse(timestamp)) ? ["'payload.timestamp' is invalid"] : []),
    ];
    if (errors.length > 0) return say(400, { status: 'invalid event', message: 'Event object is invalid', errors });
    this.events.push(event);
    if (event.event_action === 'trigger') this.open.add(event.dedup_key);
    else this.open.delete(event.dedup_key);
    say(202, { status: 'success', message: 'Event processed', dedup_key: event.dedup_key });
  };
}
