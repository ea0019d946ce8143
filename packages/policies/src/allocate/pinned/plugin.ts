import { defineAllocator } from '@auspex/contracts';
import { pinned } from './allocate.ts';
import { pinnedConfig } from './config.ts';

/** Schedules with windows, zones and dates. */
export const pinnedAllocator = defineAllocator({
  id: 'pinned',
  summary: 'Units by schedule: windows with days, dates and zones, ordered ahead by the lead time; the reactive policy outside.',
  config: pinnedConfig,
  create: pinned,
});
