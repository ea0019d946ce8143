import { z } from 'zod';
import { reactiveConfig } from '../reactive/config.ts';

/** Options of the allocator `quantile`. */
export const quantileConfig = z.strictObject({
  price: z
    .number()
    .positive()
    .default(10)
    .describe(
      'Price of an hour in which a unit is missing, against an hour in which one is idle: at 10 a unit is kept for a chance of one in eleven that it is needed. Default 10.',
    ),
  prices: z.record(z.string(), z.number().positive()).default({}).describe('The price by pool, for pools that differ. Default none.'),
  floor: z.enum(['none', 'reactive']).default('none').describe('reactive: never below what the reactive policy asks for. Default none.'),
  reactive: reactiveConfig.prefault({}).describe('Options of the reactive floor; read only with floor: reactive.'),
});

export type QuantileOptions = z.output<typeof quantileConfig>;
