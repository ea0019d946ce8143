export { cachedPlugin } from './plugin.ts';
export { type CachedOptions, type CachedStore, cached } from './store.ts';
