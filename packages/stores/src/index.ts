export { type CachedOptions, type CachedStore, cached, cachedPlugin } from './cached/index.ts';
export { type CassandraClientLike, type CassandraOptions, CassandraStore, cassandra, cassandraConfig } from './cassandra/index.ts';
export { type LmdbOptions, LmdbStore, lmdb, lmdbConfig } from './lmdb/index.ts';
export { type MemorySnapshot, MemoryStore, memory } from './memory/index.ts';
export { type MongoClientLike, type MongoOptions, MongoStore, mongo, mongoConfig } from './mongo/index.ts';
export { namespaced, namespacedPlugin } from './namespaced/index.ts';
