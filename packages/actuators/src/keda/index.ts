export { type KedaOptions, kedaConfig } from './config.ts';
export { keda } from './plugin.ts';
