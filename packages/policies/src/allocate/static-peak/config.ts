import { z } from 'zod';

const count = z.int().nonnegative();

/** Options of the allocator `static-peak`. */
export const staticPeakConfig = z.strictObject({
  units: z
    .union([count, z.record(z.string(), count)])
    .optional()
    .describe("Units to hold: one number for every pool, or a number by pool. Default, and for a pool not named: the pool's max."),
});

export type StaticPeakOptions = z.output<typeof staticPeakConfig>;
