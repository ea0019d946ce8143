import { Refused, type Scaling, type Status, type Target } from '../target/index.ts';
import { HPA, SCALED_OBJECT } from './autoscalers.ts';
import type { KubernetesClient, Ref } from './client.ts';
import type { KubernetesOptions, KubernetesPool } from './config.ts';
import { Minimum } from './minimum.ts';
import { Replicas } from './replicas.ts';

/** One way of scaling one object. Its status is its own: what it has read goes back to it. */
interface Way {
  status(signal: AbortSignal): Promise<Status>;
  scale(scaling: Scaling, signal: AbortSignal): Promise<void>;
}

/** The objects of a cluster that pools are mapped to. */
export class KubernetesTarget implements Target {
  readonly #pools: KubernetesOptions['pools'];
  readonly #client: KubernetesClient;

  constructor(options: Pick<KubernetesOptions, 'pools'>, client: KubernetesClient) {
    this.#pools = options.pools;
    this.#client = client;
  }

  async status(pool: string, signal: AbortSignal): Promise<Status> {
    return (await this.#wayOf(pool)).status(signal);
  }

  async scale(pool: string, scaling: Scaling, signal: AbortSignal): Promise<void> {
    await (await this.#wayOf(pool)).scale(scaling, signal);
  }

  async close(): Promise<void> {
    this.#client.close?.();
  }

  async #wayOf(pool: string): Promise<Way> {
    const options = Object.hasOwn(this.#pools, pool) ? this.#pools[pool] : undefined;
    if (!options) throw new Refused(`no object is named for the pool "${pool}": add it to the pools of the actuator kubernetes`);
    const client = this.#client;
    const namespace = options.namespace ?? (await client.namespace());
    if ('scale' in options) {
      const [way, ref] = [new Replicas(client), refOf(options, namespace)];
      return { status: (signal) => way.status(ref, signal), scale: (scaling, signal) => way.scale(ref, scaling as never, signal) };
    }
    const [way, name] =
      'hpa' in options ? [new Minimum(client, HPA), options.hpa] : [new Minimum(client, SCALED_OBJECT), options.scaledObject];
    return {
      status: (signal) => way.status(namespace, name, signal),
      scale: (scaling, signal) => way.scale(namespace, name, scaling as never, signal),
    };
  }
}

function refOf({ scale }: Extract<KubernetesPool, { scale: string }>, namespace: string): Ref {
  const parts = scale.split('/');
  const [group, version, plural, name] = (parts.length === 2 ? ['apps', 'v1', ...parts] : parts) as [string, string, string, string];
  return { group, version, plural, namespace, name };
}
