export { type LmdbOptions, lmdbConfig } from './config.ts';
export { lmdb } from './plugin.ts';
export { LmdbStore } from './store.ts';
