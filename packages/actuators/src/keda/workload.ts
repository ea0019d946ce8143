import { SCALED_OBJECT } from '../kubernetes/autoscalers.ts';
import type { KubeObject, KubernetesClient, Ref } from '../kubernetes/client.ts';
import type { TargetRef } from '../kubernetes/workload.ts';
import { replicasOf, type Workload } from '../metric/workload.ts';
import { Refused } from '../target/index.ts';
import type { KedaOptions } from './config.ts';
import { metricName } from './name.ts';

export interface ScaledObject extends KubeObject {
  readonly spec: {
    readonly scaleTargetRef: TargetRef;
    readonly maxReplicaCount?: number;
    readonly fallback?: { readonly failureThreshold: number; readonly replicas: number; readonly behavior?: string };
    readonly triggers: readonly { readonly type: string; readonly metadata?: Readonly<Record<string, string>> }[];
  };
  readonly status?: {
    readonly hpaName?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

interface Hpa extends KubeObject {
  readonly spec: { readonly metrics?: readonly { readonly external?: { readonly metric: { readonly name: string } } }[] };
}

/** Where the ScaledObject of a pool is. @throws Refused for a pool that the actuator does not know */
export async function scaledObjectRef(client: KubernetesClient, pools: KedaOptions['pools'], pool: string): Promise<Ref> {
  const named = Object.hasOwn(pools, pool) ? pools[pool] : undefined;
  if (!named) throw new Refused(`no ScaledObject is named for the pool "${pool}": add it to the pools of the actuator keda`);
  const namespace = named.namespace ?? (await client.namespace());
  return { group: 'keda.sh', version: 'v1alpha1', plural: 'scaledobjects', namespace, name: named.scaledObject };
}

/** What a ScaledObject scales, and whether it would. @throws Refused where it would not */
export async function workloadOf(
  client: KubernetesClient,
  object: ScaledObject,
  namespace: string,
  pool: string,
  signal: AbortSignal,
): Promise<Workload> {
  const { metadata, spec, status } = object;
  const who = `ScaledObject ${namespace}/${metadata.name}`;
  const paused = SCALED_OBJECT.paused(object, who);
  if (paused !== undefined) throw new Refused(paused);
  const asks = spec.triggers.some(({ type, metadata: of }) => /^external(-push)?$/.test(type) && of?.['pool'] === pool);
  if (!asks)
    throw new Refused(`${who} has no trigger for this pool: add one of type external or external-push with metadata.pool: ${pool}`);
  if (status?.hpaName !== undefined) await checkHpa(client, namespace, status.hpaName, pool, who, signal);
  const replicas = await replicasOf(client, namespace, spec.scaleTargetRef, signal);
  const bad = status?.conditions?.find((condition) => condition.type === 'Ready' && condition.status === 'False');
  return {
    ...replicas,
    most: spec.maxReplicaCount ?? 100,
    ...(spec.fallback
      ? {}
      : {
          clings: `${who} has no fallback: without it the HPA would keep the last count when Auspex is silent; add spec.fallback with the replicas to go back to`,
        }),
    ...(bad ? { detail: `${who} is not ready: ${bad.message ?? 'no reason given'}` } : {}),
  };
}

/** KEDA makes its HPA once: without a metric of ours where Auspex did not answer then, and nothing repairs that by itself. */
async function checkHpa(
  client: KubernetesClient,
  namespace: string,
  name: string,
  pool: string,
  who: string,
  signal: AbortSignal,
): Promise<void> {
  const found = await client.get<Hpa>({ group: 'autoscaling', version: 'v2', plural: 'horizontalpodautoscalers', namespace, name }, signal);
  if (!found || found.spec.metrics?.some(({ external }) => external?.metric.name.endsWith(`-${metricName(pool)}`))) return;
  throw new Refused(
    `HPA ${namespace}/${name} lacks the metric of this pool: KEDA made it while Auspex did not answer; now that it does, delete that HPA, or change the spec of ${who}, to have it made again`,
  );
}
