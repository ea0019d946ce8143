import { duration } from '@auspex/contracts';
import { z } from 'zod';

const delay = z.union([
  duration(),
  z
    .strictObject({ p50: duration().describe('Median time from order to ready.'), p90: duration().describe('90 % are ready within this.') })
    .refine(({ p50, p90 }) => p50 > 0 && p90 >= p50, { error: 'p90 must not be below p50, and p50 must be above 0' }),
]);

/** Options of the actuator `simulated`: each pool gets a fleet of its own with these. */
export const simulatedConfig = z.strictObject({
  initial: z.int().nonnegative().default(1).describe('Units that serve before the first order. Default 1.'),
  delay: delay.prefault('5m').describe('Time from order to ready: a duration, or {p50, p90} of a lognormal distribution. Default 5m.'),
  failureRate: z.number().min(0).lt(1).default(0).describe('Share of unit orders that never become ready. Default 0.'),
  failureAfter: duration().prefault('10m').describe('Time after which a failed unit is given up and ordered anew. Default 10m.'),
  warmUp: z
    .strictObject({
      ms: duration().describe('How long a new unit warms up.'),
      share: z.number().min(0).max(1).describe('Share of its rate that it serves while it does.'),
    })
    .optional()
    .describe('Slow start of new units. Default none.'),
  autoscaler: z
    .strictObject({
      target: z.number().gt(0).lte(1).default(0.7).describe('Use of the ready units that it aims at. Default 0.7.'),
      tolerance: z.number().min(0).max(1).default(0.1).describe('Relative distance from it within which nothing changes. Default 0.1.'),
      stabilisation: duration().prefault('5m').describe('It scales in only to the highest recommendation of this window. Default 5m.'),
      min: z.int().nonnegative().default(1).describe('Fewest units. Default 1.'),
      max: z.int().positive().default(1000).describe('Most units. Default 1000.'),
    })
    .refine(({ min, max }) => min <= max, { error: 'min must not be above max' })
    .optional()
    .describe('A reactive autoscaler of its own, above whose units an order is a floor; it sees the demand of a replay. Default none.'),
});

export type SimulatedOptions = z.output<typeof simulatedConfig>;
