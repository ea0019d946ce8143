import { z } from 'zod';
import { reactiveConfig } from '../reactive/config.ts';

const tier = z.strictObject({
  above: z.number().min(0).lt(1).describe('Surge probability above which (strictly) the tier holds, 0..1.'),
  factor: z.number().positive().describe('Head-room: units for the expected demand are multiplied by it.'),
  name: z.string().min(1).describe('Name of the tier in decisions.'),
});

/** Options of the allocator `tiered`. */
export const tieredConfig = z.strictObject({
  tiers: z
    .array(tier)
    .refine((tiers) => tiers.every((entry, i) => i === 0 || entry.above > (tiers[i - 1]?.above ?? 0)), {
      error: '`above` must rise from tier to tier',
    })
    .default([
      { above: 0.3, factor: 1.2, name: 'moderate' },
      { above: 0.7, factor: 1.5, name: 'aggressive' },
    ])
    .describe(
      'Tiers in rising order of `above`; below the first the factor is 1. Default: above 0.3 x 1.2 moderate, above 0.7 x 1.5 aggressive.',
    ),
  leadQuantile: z
    .number()
    .min(0.05)
    .max(0.99)
    .default(0.5)
    .describe("Quantile of the pool's forecast at the lead time that counts as the expected demand. Default 0.5, the median."),
  floor: z.enum(['none', 'reactive']).default('none').describe('reactive: never below what the reactive policy asks for. Default none.'),
  reactive: reactiveConfig.prefault({}).describe('Options of the reactive floor; read only with floor: reactive.'),
});

export type TieredOptions = z.output<typeof tieredConfig>;
export type TierRule = TieredOptions['tiers'][number];
