import { type Actuator, defineActuator, type PluginContext } from '@auspex/contracts';
import { actuatorOver } from '../target/index.ts';
import { KubernetesApi } from './api.ts';
import type { KubernetesClient } from './client.ts';
import { type KubernetesOptions, kubernetesConfig } from './config.ts';
import { KubernetesTarget } from './target.ts';

const ID = 'kubernetes';

/** @param client in place of the cluster that the options lead to */
export function createKubernetesActuator(options: KubernetesOptions, context: PluginContext, client?: KubernetesClient): Actuator {
  const target = new KubernetesTarget(options, client ?? new KubernetesApi(options));
  const { patience, handsOff } = options;
  return actuatorOver(target, { plugin: ID, patience, handsOff }, context);
}

/** Minimum of a HorizontalPodAutoscaler or of a ScaledObject of KEDA, or the replicas of what has no autoscaler. */
export const kubernetes = defineActuator({
  id: ID,
  summary: 'Raises the minimum of a HorizontalPodAutoscaler or ScaledObject, or sets the replicas of what has no autoscaler.',
  config: kubernetesConfig,
  capabilities: { lease: 'keeper' },
  create: (options, context) => createKubernetesActuator(options, context),
});
