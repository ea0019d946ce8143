export type { Service, SystemdClient } from './client.ts';
export { type SystemdOptions, type SystemdPool, systemdConfig } from './config.ts';
export { createSystemdActuator, systemd } from './plugin.ts';
export { type SystemdStatus, SystemdTarget } from './target.ts';
