import { defineStore } from '@auspex/contracts';
import { z } from 'zod';
import { LogStore } from './store.ts';

const options = z.strictObject({
  file: z.string().min(1).describe('File that holds everything. Made where it is missing; its folder has to be there.'),
});

/** The store `__ID__`. */
export const __VALUE__ = defineStore({
  id: '__ID__',
  summary: 'Appends each batch to one file, and reads it whole when it is opened.',
  config: options,
  capabilities: { durable: true },
  // The file is opened by the first call.
  create: ({ file }) => new LogStore(file),
});
