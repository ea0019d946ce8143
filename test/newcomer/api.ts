import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Bricks of each site; one is five percent. */
const BRICKS = 20;

const PERCENT = 100 / BRICKS;

interface Site {
  percent: number;
  warm: number;
}

/** The made-up Rackspace of Bricks: an API that counts in percent, and what it holds. */
export interface BricksApi {
  readonly url: string;
  readonly apiKey: string;
  /** What a site holds, in bricks. */
  state(site: string): { units: number; ready: number };
  /** How many requests tried to change something, whatever came of them. */
  changes(): number;
  /** Time passes at a site, until all of its bricks are warm. */
  settle(site: string): void;
  /** Whether every request is answered by 503 from now on. */
  fail(on: boolean): void;
  close(): Promise<void>;
}

const textOf = async (request: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
};

const jobOf = (text: string): { site: string; percent: number } | undefined => {
  try {
    const { site, percent } = JSON.parse(text) as { site?: unknown; percent?: unknown };
    if (typeof site !== 'string' || typeof percent !== 'number') return undefined;
    // There is no half of a brick: what asks for a part of one gets it whole.
    return percent >= 0 && percent <= 100 ? { site, percent: Math.ceil(percent / PERCENT) * PERCENT } : undefined;
  } catch {
    return undefined;
  }
};

/** Starts one on a free port of this host. */
export async function bricksApi(): Promise<BricksApi> {
  const apiKey = 'a brick in the wall';
  const sites = new Map<string, Site>();
  let changes = 0;
  let jobs = 0;
  let failing = false;
  const at = (name: string): Site => {
    const site = sites.get(name) ?? { percent: 2 * PERCENT, warm: 2 * PERCENT };
    sites.set(name, site);
    return site;
  };
  const answer = (method: string, path: string, text: string): [status: number, body: object] => {
    if (failing) return [503, { error: 'out of mortar' }];
    const name = method === 'GET' ? /^\/v1\/sites\/([^/]+)$/.exec(path)?.[1] : undefined;
    if (name !== undefined) {
      const site = decodeURIComponent(name);
      return [200, { site, ...at(site) }];
    }
    if (method !== 'POST' || path !== '/v1/jobs') return [404, { error: 'no such thing' }];
    const job = jobOf(text);
    if (!job) return [400, { error: 'a job is a site and a percent of 0 to 100' }];
    const site = at(job.site);
    site.percent = job.percent;
    // Bricks are taken away at once; new ones have to warm up.
    site.warm = Math.min(site.warm, site.percent);
    return [202, { job: `job-${++jobs}`, ...job }];
  };
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    const text = await textOf(request);
    if (method !== 'GET') changes++;
    const [status, body] = headers['x-api-key'] === apiKey ? answer(method, url, text) : [401, { error: 'who are you?' }];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey,
    state: (site) => ({ units: at(site).percent / PERCENT, ready: at(site).warm / PERCENT }),
    changes: () => changes,
    settle: (site) => {
      at(site).warm = at(site).percent;
    },
    fail: (on) => {
      failing = on;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
