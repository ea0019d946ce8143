export { type SystemdOptions, type SystemdPool, systemdConfig } from './config.ts';
export { systemd } from './plugin.ts';
