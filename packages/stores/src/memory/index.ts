export { memory } from './plugin.ts';
export { type MemorySnapshot, MemoryStore } from './store.ts';
