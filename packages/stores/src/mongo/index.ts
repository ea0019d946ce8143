export type { MongoClientLike } from './client.ts';
export { type MongoOptions, mongoConfig } from './config.ts';
export { mongo } from './plugin.ts';
export { MongoStore } from './store.ts';
