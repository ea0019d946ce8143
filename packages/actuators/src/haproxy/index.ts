export { type Backend, Busy, type Change, type Found, type HaproxyClient } from './client.ts';
export { type HaproxyOptions, type HaproxyPool, haproxyConfig } from './config.ts';
export type { Ledger } from './ledger.ts';
export { createHaproxyActuator, haproxy } from './plugin.ts';
export { type HaproxyParts, type HaproxyStatus, HaproxyTarget } from './target.ts';
