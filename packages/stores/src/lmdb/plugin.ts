import { defineStore } from '@auspex/contracts';
import { openDatabase } from './client.ts';
import { lmdbConfig } from './config.ts';
import { LmdbStore } from './store.ts';

/** The embedded default: no server, durable, fast to read back. */
export const lmdb = defineStore({
  id: 'lmdb',
  summary: 'State in a local folder (LMDB): durable, no server.',
  config: lmdbConfig,
  capabilities: { durable: true },
  create: ({ path }) => new LmdbStore(openDatabase(path), path),
});
