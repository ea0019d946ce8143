import { defineStore } from '@auspex/contracts';
import { lmdbConfig } from './config.ts';
import { LmdbStore } from './store.ts';

/** The store `lmdb`: one directory on a local disk. */
export const lmdb = defineStore({
  id: 'lmdb',
  summary: 'Keeps state in an LMDB directory on a local disk: durable, shared by the processes of one machine.',
  config: lmdbConfig,
  capabilities: { durable: true },
  create: (options) => new LmdbStore(options),
});
