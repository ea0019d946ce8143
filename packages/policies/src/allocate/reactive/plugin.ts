import { defineAllocator } from '@auspex/contracts';
import { reactive } from './allocate.ts';
import { reactiveConfig } from './config.ts';

/** The Kubernetes HPA as a policy: the baseline and the floor of everything that foresees. */
export const reactiveAllocator = defineAllocator({
  id: 'reactive',
  summary: "The Kubernetes HPA's algorithm: units for the last step's demand, with tolerance and scale-down stabilisation.",
  config: reactiveConfig,
  create: reactive,
});
