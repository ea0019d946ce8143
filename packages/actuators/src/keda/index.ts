export { kedaConfig } from './config.ts';
export { keda } from './plugin.ts';
