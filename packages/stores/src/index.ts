export { type LmdbOptions, LmdbStore, lmdb, lmdbConfig } from './lmdb/index.ts';
export { MemoryStore, memory, memoryConfig } from './memory/index.ts';
