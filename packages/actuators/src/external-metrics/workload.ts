import type { KubeObject, KubernetesClient } from '../kubernetes/client.ts';
import type { TargetRef } from '../kubernetes/workload.ts';
import { replicasOf } from '../metric/workload.ts';
import { Refused } from '../target/index.ts';
import { METRIC } from './api.ts';
import type { ExternalMetricsOptions } from './config.ts';
import type { ReadWorkload } from './target.ts';

interface Hpa extends KubeObject {
  readonly spec: {
    readonly scaleTargetRef: TargetRef;
    readonly maxReplicas: number;
    readonly metrics?: readonly {
      readonly type: string;
      readonly external?: {
        readonly metric: { readonly name: string; readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> } };
      };
    }[];
  };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[] };
}

/** Reads the HPA of a pool, and what it scales. */
export function readHpa(client: KubernetesClient, pools: ExternalMetricsOptions['pools']): ReadWorkload {
  return async (pool, signal) => {
    const named = pools[pool];
    if (!named) throw new Refused(`pool "${pool}" is none of the actuator's pools: ${Object.keys(pools).join(', ')}`);
    const namespace = named.namespace ?? (await client.namespace());
    const who = `HPA ${namespace}/${named.hpa}`;
    const ref = { group: 'autoscaling', version: 'v2', plural: 'horizontalpodautoscalers', namespace, name: named.hpa };
    const found = await client.get<Hpa>(ref, signal);
    if (!found) throw new Refused(`there is no ${who}`);
    const { metadata, spec, status } = found;
    const owner = metadata.ownerReferences?.[0];
    if (owner)
      throw new Refused(
        `${who} belongs to ${owner.kind} ${owner.name}, which would undo any change: use the actuator keda, or an HPA of your own`,
      );
    const asks = spec.metrics?.some(
      ({ type, external }) =>
        type === 'External' && external?.metric.name === METRIC && external.metric.selector?.matchLabels?.['pool'] === pool,
    );
    if (!asks)
      throw new Refused(`${who} does not ask for this pool: add an External metric ${METRIC} with selector.matchLabels.pool: ${pool}`);
    const replicas = await replicasOf(client, namespace, spec.scaleTargetRef, signal);
    const bad = status?.conditions?.find((condition) => condition.type === 'ScalingActive' && condition.status === 'False');
    return {
      ...replicas,
      most: spec.maxReplicas,
      clings: `${who} keeps its count when the metric is absent: an HPA has no fallback; set control: full, or use the actuator kubernetes or keda for floors`,
      ...(bad ? { detail: `${who} does not scale: ${bad.message ?? 'no reason given'}` } : {}),
    };
  };
}
