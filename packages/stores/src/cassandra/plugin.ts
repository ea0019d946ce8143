import { defineStore } from '@auspex/contracts';
import { cassandraConfig } from './config.ts';
import { CassandraStore } from './store.ts';

/** The store `cassandra`: a cluster of Apache Cassandra. */
export const cassandra = defineStore({
  id: 'cassandra',
  summary: 'Keeps state in Apache Cassandra: durable, shared by the processes of many machines.',
  config: cassandraConfig,
  capabilities: { durable: true },
  create: (options) => new CassandraStore(options),
});
