import { DatabaseStore } from '../database/store.ts';
import { MongoBackend } from './backend.ts';
import type { MongoOptions } from './config.ts';

/** A store in MongoDB. It connects at the first call. */
export class MongoStore extends DatabaseStore {
  constructor(options: MongoOptions) {
    super(new MongoBackend(options), options.attempts);
  }
}
