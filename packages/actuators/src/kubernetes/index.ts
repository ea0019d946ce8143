export { type KubernetesOptions, type KubernetesPool, kubernetesConfig } from './config.ts';
export { kubernetes } from './plugin.ts';
