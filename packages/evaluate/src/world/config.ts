import { duration } from '@auspex/contracts';
import { z } from 'zod';

/** How clients behave when they are turned away, and how a crowded pool behaves. */
export const closedLoopConfig = z.strictObject({
  backOff: duration()
    .prefault('1m')
    .describe('Wait before the first retry; doubled for each further one, rounded to steps, at least one. Default 1m.'),
  retryShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .describe('Share of throttled and timed-out requests that are tried again. Default 0.8.'),
  maxAttempts: z.int().min(1).default(3).describe('Most attempts of one request, the first included. Default 3.'),
  queueShare: z
    .number()
    .gt(0)
    .lte(1)
    .default(1)
    .describe('Use of the capacity above which requests queue and may time out, 0..1. Default 1: none do.'),
  timeoutShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('Share of admitted requests that time out at full use; rises from 0 at queueShare in a straight line. Default 0.1.'),
  marked: z
    .boolean()
    .default(true)
    .describe('false: retries look like first attempts and count in `offered`, as in most real logs. Default true.'),
});

export type ClosedLoopOptions = z.output<typeof closedLoopConfig>;
