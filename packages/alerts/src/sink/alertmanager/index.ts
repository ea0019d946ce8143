export { type AlertmanagerOptions, alertmanagerConfig } from './config.ts';
export { alertmanager } from './plugin.ts';
