import { defineStore } from '@auspex/contracts';
import { memoryConfig } from './config.ts';
import { MemoryStore } from './store.ts';

/** State in memory: for trials, tests and replays. */
export const memory = defineStore({
  id: 'memory',
  summary: 'State in memory: gone with the process. For trials, tests and replays.',
  config: memoryConfig,
  capabilities: { durable: false },
  create: () => MemoryStore.create(),
});
