import type { Autoscaler, AutoscalerObject } from './minimum.ts';

/** Label and owner that KEDA gives to the autoscalers it makes. */
const KEDA_LABEL = 'scaledobject.keda.sh/name';

const PAUSED = 'autoscaling.keda.sh/paused';
const PAUSED_AT = 'autoscaling.keda.sh/paused-replicas';

/** https://kubernetes.io/docs/reference/kubernetes-api/autoscaling-resources/horizontal-pod-autoscaler-v2/ */
export const HPA: Autoscaler = {
  kind: 'HorizontalPodAutoscaler',
  place: { group: 'autoscaling', version: 'v2', plural: 'horizontalpodautoscalers' },
  min: 'minReplicas',
  unset: 1,
  max: 'maxReplicas',
  most: Number.POSITIVE_INFINITY,
  // 0 asks for a feature gate of the cluster.
  least: 1,
  owner({ metadata }, where) {
    const made = metadata.ownerReferences?.find(({ kind }) => kind === 'ScaledObject')?.name ?? metadata.labels?.[KEDA_LABEL];
    if (made === undefined) return undefined;
    return `${where} belongs to the ScaledObject "${made}" of KEDA, which sets minReplicas back: give scaledObject: "${made}" in place of hpa`;
  },
  paused: () => undefined,
  note: ({ status }) => {
    const off = status?.conditions?.find(({ type, reason }) => type === 'ScalingActive' && reason === 'ScalingDisabled');
    if (off) return 'the autoscaler is off because its target has 0 replicas';
    const unable = status?.conditions?.find(({ type, status: is }) => type === 'AbleToScale' && is === 'False');
    return unable && `the autoscaler cannot scale: ${unable.message ?? unable.reason}`;
  },
};

/** https://keda.sh/docs/2.18/reference/scaledobject-spec/ */
export const SCALED_OBJECT: Autoscaler = {
  kind: 'ScaledObject',
  place: { group: 'keda.sh', version: 'v1alpha1', plural: 'scaledobjects' },
  min: 'minReplicaCount',
  unset: 0,
  max: 'maxReplicaCount',
  most: 100,
  least: 0,
  owner: () => undefined,
  paused({ metadata: { annotations = {} } }, where) {
    const paused = PAUSED_AT in annotations ? PAUSED_AT : annotations[PAUSED] === 'true' ? PAUSED : undefined;
    return paused && `${where} is paused: remove its annotation ${paused} to have it scaled`;
  },
  note: ({ spec }: AutoscalerObject) =>
    typeof spec['idleReplicaCount'] === 'number'
      ? `idleReplicaCount: ${spec['idleReplicaCount']} stands below the floor while no trigger is active`
      : undefined,
};
