import type { PostableAlert } from '../../../src/sink/alertmanager/alert.ts';
import type { Answer } from '../tools.ts';

const NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * A mock: takes and refuses as Alertmanager 0.25 does (api/v2/api.go, types/types.go `Alert.Validate`). The valid ones of a post are
 * taken, and it is answered with 400 where one is not.
 */
export class FakeAlertmanager {
  readonly received: string[] = [];
  readonly posts: PostableAlert[][] = [];
  /** Fingerprints that it finds invalid, whatever they are. */
  readonly invalid = new Set<string>();
  failing = false;

  readonly answer: Answer = ({ method, url, headers, body }, response) => {
    if (this.failing) return void response.destroy();
    if (method !== 'POST' || url !== '/api/v2/alerts') return void response.writeHead(404).end('404 page not found');
    if (headers['content-type'] !== 'application/json') return void response.writeHead(415).end();
    const alerts = JSON.parse(body) as PostableAlert[];
    this.posts.push(alerts);
    const wrong = alerts.map((alert) => this.#wrong(alert));
    this.received.push(...alerts.filter((_, index) => wrong[index] === undefined).map(({ labels }) => labels['fingerprint'] ?? ''));
    const errors = wrong.filter((each) => each !== undefined);
    if (errors.length > 0) response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(errors.join('; ')));
    else response.writeHead(200).end();
  };

  #wrong({ labels, startsAt, endsAt }: PostableAlert): string | undefined {
    if (this.invalid.has(labels['fingerprint'] ?? '')) return 'invalid on purpose';
    if (!labels['alertname']) return 'at least one label pair required';
    const name = Object.keys(labels).find((each) => !NAME.test(each));
    if (name !== undefined) return `invalid name "${name}"`;
    if (!(Date.parse(startsAt) <= Date.parse(endsAt))) return 'start time must be before end time';
    return undefined;
  }
}
