import { DatabaseStore } from '../database/store.ts';
import { CassandraBackend } from './backend.ts';
import type { CassandraOptions } from './config.ts';

/** A store in Cassandra. It connects at the first call. */
export class CassandraStore extends DatabaseStore {
  constructor(options: CassandraOptions) {
    super(new CassandraBackend(options), options.attempts);
  }
}
