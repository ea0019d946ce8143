import { defineAllocator } from '@auspex/contracts';
import { quantile } from './allocate.ts';
import { quantileConfig } from './config.ts';

/** Units by the price of an hour short against an hour idle. */
export const quantileAllocator = defineAllocator({
  id: 'quantile',
  summary:
    'Units that are worth keeping at the price of an hour short against an hour idle, by the forecast of every step until an order of now is ready.',
  config: quantileConfig,
  create: quantile,
});
