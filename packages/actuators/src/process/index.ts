export { type ProcessOptions, type ProcessPool, processConfig } from './config.ts';
export { processes } from './plugin.ts';
