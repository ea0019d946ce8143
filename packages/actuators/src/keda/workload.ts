import type { KubeObject, KubernetesClient } from '../kubernetes/client.ts';
import type { TargetRef } from '../kubernetes/workload.ts';
import { replicasOf } from '../metric/replicas.ts';
import type { ReadWorkload } from '../metric/target.ts';
import { Refused } from '../target/index.ts';
import type { KedaOptions } from './config.ts';

interface ScaledObject extends KubeObject {
  readonly spec: {
    readonly scaleTargetRef: TargetRef;
    readonly maxReplicaCount?: number;
    readonly fallback?: { readonly failureThreshold: number; readonly replicas: number; readonly behavior?: string };
    readonly triggers: readonly { readonly type: string; readonly metadata?: Readonly<Record<string, string>> }[];
  };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[] };
}

const PAUSED = ['autoscaling.keda.sh/paused', 'autoscaling.keda.sh/paused-replicas'] as const;

/** Reads the ScaledObject of a pool, and what it scales. */
export function readScaledObject(client: KubernetesClient, pools: KedaOptions['pools']): ReadWorkload {
  return async (pool, signal) => {
    const named = pools[pool];
    if (!named) throw new Refused(`pool "${pool}" is none of the actuator's pools: ${Object.keys(pools).join(', ')}`);
    const namespace = named.namespace ?? (await client.namespace());
    const who = `ScaledObject ${namespace}/${named.scaledObject}`;
    const ref = { group: 'keda.sh', version: 'v1alpha1', plural: 'scaledobjects', namespace, name: named.scaledObject };
    const found = await client.get<ScaledObject>(ref, signal);
    if (!found) throw new Refused(`there is no ${who}: is KEDA installed, and the name right?`);
    const { metadata, spec, status } = found;
    const paused = PAUSED.find((annotation) => metadata.annotations?.[annotation] !== undefined);
    if (paused) throw new Refused(`${who} is paused: somebody set the annotation ${paused}; remove it to let Auspex scale`);
    const asks = spec.triggers.some(({ type, metadata: of }) => /^external(-push)?$/.test(type) && of?.['pool'] === pool);
    if (!asks)
      throw new Refused(`${who} has no trigger for this pool: add one of type external or external-push with metadata.pool: ${pool}`);
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
  };
}
