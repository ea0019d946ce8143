import { duration } from '@auspex/contracts';
import { z } from 'zod';

const panic = z.strictObject({
  stableWindow: duration()
    .prefault('10m')
    .describe('Window whose mean rate counts in calm, and how long a panic lasts after its last step. Default 10m.'),
  threshold: z
    .number()
    .gt(1)
    .default(2)
    .describe('A step that brings this many times what the ready units are planned for is a panic. Default 2.'),
});

/** Options of the allocator `reactive`. */
export const reactiveConfig = z.strictObject({
  target: z.number().gt(0).lte(1).optional().describe("Use of a unit that is aimed at, share of its rate. Default: the pool's target."),
  tolerance: z.number().min(0).max(1).default(0.1).describe('Relative distance from the target within which nothing changes. Default 0.1.'),
  scaleOutTolerance: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      'The same for scale out alone; 0 = a step with more than its units are planned for raises the next decision. Default: `tolerance`, and 0 with `panic`.',
    ),
  stabilisation: duration()
    .prefault('5m')
    .describe('Scale in only to the highest recommendation of this window; scale out is immediate. Default 5m.'),
  min: z.int().nonnegative().optional().describe("Fewest units it recommends (minReplicas). Default: the pool's min."),
  censored: z
    .number()
    .gte(1)
    .default(1.5)
    .describe(
      'After a censored step, whose demand is only known to be more than was served: this many times the ready units, at least one more. 1 = the bound counts as the demand. Default 1.5.',
    ),
  panic: panic
    .optional()
    .describe("A short window beside the stable one, as in Knative's autoscaler. Absent = off: the last step counts, as in the HPA."),
});

export type ReactiveOptions = z.output<typeof reactiveConfig>;
export type PanicOptions = z.output<typeof panic>;
