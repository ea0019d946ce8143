import { freePorts } from './process.ts';
import type { Server } from './server.ts';

export interface Proxy {
  /** `127.0.0.1:port`; connect here to reach `upstream` through the proxy. */
  readonly address: string;
  readonly port: number;
  /** false cuts every connection and refuses new ones. */
  enable(on: boolean): Promise<void>;
  /** Adds a toxic, such as `latency` with `{ latency: 400 }`, or `timeout` with `{ timeout: 0 }` for a black hole. */
  add(type: string, attributes: Readonly<Record<string, number>>, stream?: 'upstream' | 'downstream'): Promise<void>;
  /** Removes all toxics. */
  heal(): Promise<void>;
}

/** A proxy in front of `upstream` (`host:port`). */
export async function proxy(toxiproxy: Server, upstream: string, port?: number): Promise<Proxy> {
  const listen = port ?? ((await freePorts(1))[0] as number);
  const name = `to-${listen}`;
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${toxiproxy.address}${path}`, {
      method,
      headers: { 'content-type': 'application/json', 'user-agent': 'auspex-tests' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`toxiproxy: ${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  await call('POST', '/proxies', { name, listen: `127.0.0.1:${listen}`, upstream, enabled: true });
  let added = 0;
  return {
    address: `127.0.0.1:${listen}`,
    port: listen,
    async enable(on) {
      await call('POST', `/proxies/${name}`, { enabled: on });
    },
    async add(type, attributes, stream = 'downstream') {
      await call('POST', `/proxies/${name}/toxics`, { name: `toxic-${added++}`, type, stream, attributes });
    },
    async heal() {
      const toxics = (await call('GET', `/proxies/${name}/toxics`)) as { name: string }[];
      for (const toxic of toxics) await call('DELETE', `/proxies/${name}/toxics/${toxic.name}`);
    },
  };
}
