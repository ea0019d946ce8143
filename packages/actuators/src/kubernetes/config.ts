import { z } from 'zod';
import { targetOptions } from '../target/index.ts';

/** Names of objects and namespaces. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
const NAME = '[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?';
const name = z.string().regex(new RegExp(`^${NAME}$`), 'is the name of an object: small letters, digits, - and .');

const namespace = name
  .optional()
  .describe('Namespace of the object. Default: that of the context or of the service account, else `default`.');

const hpa = z.strictObject({
  hpa: name.describe('HorizontalPodAutoscaler whose `minReplicas` is set. This, `scaledObject` or `scale`.'),
  namespace,
});
const scaledObject = z.strictObject({
  scaledObject: name.describe('ScaledObject of KEDA whose `minReplicaCount` is set.'),
  namespace,
});
const scale = z.strictObject({
  scale: z
    .string()
    .regex(
      new RegExp(`^(?:(?:deployments|statefulsets|replicasets)/${NAME}|${NAME}/v[a-z0-9]+/[a-z0-9]+/${NAME})$`),
      'is deployments/NAME, statefulsets/NAME, replicasets/NAME, or GROUP/VERSION/PLURAL/NAME',
    )
    .describe('What has a scale subresource and no autoscaler: deployments/web, or argoproj.io/v1alpha1/rollouts/web.'),
  namespace,
});

const pool = z.union([hpa, scaledObject, scale], {
  error: 'give one of hpa: NAME, scaledObject: NAME, scale: deployments/NAME, and beside it namespace at most',
});

/** Options of the actuator `kubernetes`. */
export const kubernetesConfig = z.strictObject({
  pools: z
    .record(z.string().min(1), pool)
    .refine((pools) => Object.keys(pools).length > 0, 'names no pool')
    .refine((pools) => {
      const objects = Object.values(pools).map((given) => JSON.stringify(given, Object.keys(given).sort()));
      return new Set(objects).size === objects.length;
    }, 'names the same object for two pools: they would undo each other')
    .describe(
      'What each pool is: {"web": {"hpa": "web", "namespace": "shop"}, "jobs": {"scaledObject": "jobs"}, "api": {"scale": "deployments/api"}}.',
    ),
  kubeconfig: z
    .string()
    .min(1)
    .optional()
    .describe('Path of a kubeconfig. Default: KUBECONFIG, then ~/.kube/config, then the service account of the pod.'),
  context: z.string().min(1).optional().describe('Context of the kubeconfig. Default: its current one.'),
  ...targetOptions,
});

export type KubernetesOptions = z.output<typeof kubernetesConfig>;
export type KubernetesPool = KubernetesOptions['pools'][string];
