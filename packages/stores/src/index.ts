export { type LmdbOptions, LmdbStore, lmdb, lmdbConfig } from './lmdb/index.ts';
export { type MemorySnapshot, MemoryStore, memory } from './memory/index.ts';
