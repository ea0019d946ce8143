import type { Plugin } from '@auspex/contracts';
import { keda } from '../../src/keda/index.ts';
import { createKedaActuator } from '../../src/keda/plugin.ts';
import { METRIC } from '../../src/keda/target.ts';
import { Unavailable } from '../../src/target/index.ts';
import type { ActuatorCase } from './case.ts';
import { addPool, deployments, FakeCluster, key, scaledObjects } from './kubernetes.ts';

/** A ScaledObject with a trigger for a pool of its name, and a fallback. */
export function addScaledObject(cluster: FakeCluster, pool: string): void {
  addPool(cluster, 'scaledObject', pool, 0);
  cluster.edit(scaledObjects(pool), {
    spec: {
      maxReplicaCount: 20,
      fallback: { failureThreshold: 3, replicas: 2 },
      triggers: [{ type: 'cpu' }, { type: 'external-push', metadata: { scalerAddress: 'auspex:9090', pool } }],
    },
  });
}

/** Units that the metric of a pool is to show; 0 where there is none. */
export function metricOf(cluster: FakeCluster, pool: string): number {
  const text = cluster.objects.get(key(scaledObjects(pool))).metadata.annotations?.[METRIC];
  return text === undefined ? 0 : JSON.parse(text).units;
}

export function makeKedaCase(): ActuatorCase & { readonly cluster: FakeCluster } {
  const cluster = new FakeCluster();
  for (const pool of ['web', 'api']) addScaledObject(cluster, pool);
  const written: { pool: string; units: number }[] = [];
  const patch = cluster.patch.bind(cluster);
  cluster.patch = async (ref, body, how) => {
    const patched = await patch(ref, body, how);
    const text = (body as { metadata: { annotations: Record<string, string | null> } }).metadata.annotations[METRIC];
    if (text) written.push({ pool: ref.name, units: JSON.parse(text).units });
    return patched as never;
  };
  return {
    cluster,
    written,
    plugin: { ...keda, create: (options, context) => createKedaActuator(options as never, context, cluster) } as Plugin<'actuator'>,
    with: { listen: '127.0.0.1:0', pools: { web: { scaledObject: 'web' }, api: { scaledObject: 'api' } } },
    target: {
      state: (pool) => ({ units: metricOf(cluster, pool), ready: cluster.objects.get(key(deployments(pool))).status.readyReplicas }),
      settle: (pool) => {
        const { spec, status } = cluster.objects.get(key(deployments(pool)));
        spec.replicas = metricOf(cluster, pool);
        status.readyReplicas = spec.replicas;
      },
      changes: () => cluster.changes,
      fail: (on) => {
        cluster.before = on
          ? () => {
              throw new Unavailable('the API server is being restarted (503)');
            }
          : undefined;
      },
    },
  };
}
