import { defineStore } from '@auspex/contracts';
import { memoryConfig } from './config.ts';
import { MemoryStore } from './store.ts';

/** The store `memory`: nothing survives the process. */
export const memory = defineStore({
  id: 'memory',
  summary: 'Keeps state in memory: nothing survives the process.',
  config: memoryConfig,
  capabilities: { durable: false },
  create: () => new MemoryStore(),
});
