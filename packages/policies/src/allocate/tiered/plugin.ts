import { defineAllocator } from '@auspex/contracts';
import { tiered } from './allocate.ts';
import { tieredConfig } from './config.ts';

/** Tiers of head-room over the demand expected at the lead time. */
export const tieredAllocator = defineAllocator({
  id: 'tiered',
  summary:
    'Units for the demand expected at the lead time, times 1.2 or 1.5 by surge probability; optionally never below the reactive policy.',
  config: tieredConfig,
  create: tiered,
});
