import { defineAllocator } from '@auspex/contracts';
import { staticPeak } from './allocate.ts';
import { staticPeakConfig } from './config.ts';

/** A fixed number of units: a baseline. */
export const staticPeakAllocator = defineAllocator({
  id: 'static-peak',
  summary: 'Holds a fixed number of units, whatever the demand.',
  config: staticPeakConfig,
  create: staticPeak,
});
