import type { KubernetesClient, Ref } from '../kubernetes/client.ts';
import { markOf, textOf } from '../kubernetes/lease.ts';
import { type Mark, Refused, type Scaling, type Status, type Target } from '../target/index.ts';
import type { KedaOptions } from './config.ts';
import { type ScaledObject, scaledObjectRef, workloadOf } from './workload.ts';

/** Annotation of a ScaledObject that holds what is to be served as its pool's metric. */
export const METRIC = 'auspex.dev/metric';

export interface KedaStatus extends Status {
  readonly object: ScaledObject;
  readonly ref: Ref;
  /** Why a floor must not be promised there. */
  readonly clings?: string;
}

/**
 * Units as the metric of a ScaledObject's trigger. What is ordered is an annotation of that object, with its expiry; the scaler, in the lease keeper's
 * process, serves it from there while it holds.
 */
export class KedaTarget implements Target<KedaStatus> {
  readonly #client: KubernetesClient;
  readonly #options: Pick<KedaOptions, 'pools' | 'stale'>;
  readonly #now: () => number;

  constructor(client: KubernetesClient, options: Pick<KedaOptions, 'pools' | 'stale'>, now: () => number) {
    this.#client = client;
    this.#options = options;
    this.#now = now;
  }

  async status(pool: string, signal: AbortSignal): Promise<KedaStatus> {
    const { ref, object } = await this.#find(pool, signal);
    const workload = await workloadOf(this.#client, object, ref.namespace, pool, signal);
    const mark = this.inForce(object, ref);
    return {
      object,
      ref,
      ...workload,
      units: mark?.units ?? workload.units,
      // Without the metric there is no floor at all, however many units other triggers have asked for.
      base: 0,
      ...(mark && { mark }),
    };
  }

  async scale(_pool: string, { mark, status }: Scaling & { status: KedaStatus }, signal: AbortSignal): Promise<void> {
    const { object, ref, clings } = status;
    if (mark?.expires !== undefined && clings !== undefined) throw new Refused(clings);
    const { resourceVersion } = object.metadata;
    const body = { metadata: { resourceVersion, annotations: { [METRIC]: mark ? textOf(mark, object) : null } } };
    await this.#client.patch(ref, body, { dryRun: false }, signal);
  }

  /** What stands at the ScaledObject, whether it holds or not. */
  async record(pool: string, signal: AbortSignal): Promise<{ object: ScaledObject; ref: Ref; mark: Mark | undefined }> {
    const { ref, object } = await this.#find(pool, signal);
    return { object, ref, mark: markOf(object, object, `ScaledObject ${ref.namespace}/${ref.name}`, METRIC) };
  }

  /** Until when it holds, epoch ms. */
  until({ expires, step }: Mark): number {
    return expires ?? step + this.#options.stale;
  }

  /** What holds now. */
  inForce(object: ScaledObject, ref: Ref): Mark | undefined {
    const mark = markOf(object, object, `ScaledObject ${ref.namespace}/${ref.name}`, METRIC);
    return mark && this.until(mark) > this.#now() ? mark : undefined;
  }

  async close(): Promise<void> {
    this.#client.close?.();
  }

  async #find(pool: string, signal: AbortSignal): Promise<{ ref: Ref; object: ScaledObject }> {
    const ref = await scaledObjectRef(this.#client, this.#options.pools, pool);
    const object = await this.#client.get<ScaledObject>(ref, signal);
    if (!object) throw new Refused(`there is no ScaledObject ${ref.namespace}/${ref.name}: is KEDA installed, and the name right?`);
    return { ref, object };
  }
}
