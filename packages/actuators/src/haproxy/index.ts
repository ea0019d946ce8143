export { type HaproxyOptions, type HaproxyPool, haproxyConfig } from './config.ts';
export { haproxy } from './plugin.ts';
