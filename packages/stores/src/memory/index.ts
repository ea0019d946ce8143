export { memoryConfig } from './config.ts';
export { memory } from './plugin.ts';
export { MemoryStore } from './store.ts';
