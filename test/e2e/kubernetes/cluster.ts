import type { Json, Kube } from '../../servers/recipes/kubernetes/kube.ts';

/** What the HPA does within 15 s and after 5 min would be hours here: it follows at once, and what is looked at is who asks for what. */
const BEHAVIOR = {
  scaleUp: { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 100, periodSeconds: 1 }] },
  scaleDown: { stabilizationWindowSeconds: 0 },
};

/** Two Deployments: one behind an HPA, one at nothing. */
export async function deploy(kube: Kube, namespace: string): Promise<void> {
  await kube.create('/api/v1/namespaces', { metadata: { name: namespace } });
  for (const [name, replicas] of [
    ['web', 1],
    ['api', 0],
  ] as const) {
    const labels = { app: name };
    await kube.create(`/apis/apps/v1/namespaces/${namespace}/deployments`, {
      metadata: { name },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'app' }] } },
      },
    });
  }
  await kube.create(`/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`, {
    metadata: { name: 'web' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 2,
      maxReplicas: 50,
      behavior: BEHAVIOR,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } }],
    },
  });
}

/** The other gets a ScaledObject whose trigger asks Auspex, which has to answer when KEDA first sees it. */
export async function scale(kube: Kube, namespace: string, scaler: string): Promise<void> {
  await kube.create(`/apis/keda.sh/v1alpha1/namespaces/${namespace}/scaledobjects`, {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name: 'api' },
    spec: {
      scaleTargetRef: { name: 'api' },
      minReplicaCount: 0,
      maxReplicaCount: 50,
      pollingInterval: 1,
      cooldownPeriod: 5,
      fallback: { failureThreshold: 2, replicas: 3 },
      advanced: { horizontalPodAutoscalerConfig: { behavior: BEHAVIOR } },
      triggers: [{ type: 'external-push', metadata: { scalerAddress: scaler, pool: 'keda' } }],
    },
  });
}

/** Ready replicas of a Deployment. */
export async function ready(kube: Kube, namespace: string, name: string): Promise<number> {
  const { status }: Json = await kube.get(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`);
  return status?.readyReplicas ?? 0;
}

/** The minimum of the HPA, and what Auspex noted beside it. */
export async function minimum(kube: Kube, namespace: string): Promise<{ units: number; lease: string | undefined }> {
  const { metadata, spec }: Json = await kube.get(`/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers/web`);
  return { units: spec.minReplicas ?? 1, lease: metadata.annotations?.['auspex.dev/lease'] };
}
