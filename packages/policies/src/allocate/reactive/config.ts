import { duration } from '@auspex/contracts';
import { z } from 'zod';

/** Options of the allocator `reactive`. */
export const reactiveConfig = z.strictObject({
  target: z.number().gt(0).lte(1).optional().describe("Use of a unit that is aimed at, share of its rate. Default: the pool's target."),
  tolerance: z.number().min(0).max(1).default(0.1).describe('Relative distance from the target within which nothing changes. Default 0.1.'),
  stabilisation: duration()
    .prefault('5m')
    .describe('Scale in only to the highest recommendation of this window; scale out is immediate. Default 5m.'),
  min: z.int().nonnegative().optional().describe("Fewest units it recommends (minReplicas). Default: the pool's min."),
});

export type ReactiveOptions = z.output<typeof reactiveConfig>;
