export type { CassandraClientLike } from './client.ts';
export { type CassandraOptions, cassandraConfig } from './config.ts';
export { cassandra } from './plugin.ts';
export { CassandraStore } from './store.ts';
