export { KubernetesApi } from './api.ts';
export type { KubeObject, KubernetesClient, Place, Ref } from './client.ts';
export { type KubernetesOptions, type KubernetesPool, kubernetesConfig } from './config.ts';
export { createKubernetesActuator, kubernetes } from './plugin.ts';
export { KubernetesTarget } from './target.ts';
