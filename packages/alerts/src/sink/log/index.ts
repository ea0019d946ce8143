export { type LogOptions, logConfig } from './config.ts';
export { alertLog } from './plugin.ts';
