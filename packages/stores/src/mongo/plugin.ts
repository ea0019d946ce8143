import { defineStore } from '@auspex/contracts';
import { mongoConfig } from './config.ts';
import { MongoStore } from './store.ts';

/** The store `mongo`: a database that speaks MongoDB's protocol. */
export const mongo = defineStore({
  id: 'mongo',
  summary: 'Keeps state in MongoDB: durable, shared by the processes of many machines.',
  config: mongoConfig,
  capabilities: { durable: true },
  create: (options) => new MongoStore(options),
});
