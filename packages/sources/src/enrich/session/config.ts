import { duration } from '@auspex/contracts';
import { z } from 'zod';

/** Options of the `session` enricher. */
export const sessionConfig = z.strictObject({
  gap: duration()
    .refine((ms) => ms > 0, 'must be longer than nothing')
    .prefault('30m')
    .describe('Silence of a user after which a session has ended. Default 30m.'),
  maxOpen: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(100_000)
    .describe('Open sessions kept; above that the longest idle one is ended first. Default 100000.'),
});

export type SessionOptions = z.output<typeof sessionConfig>;
