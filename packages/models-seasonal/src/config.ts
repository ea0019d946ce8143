import { duration } from '@auspex/contracts';
import { z } from 'zod';

/** Options of the predictor `seasonal`. */
export const seasonalConfig = z
  .strictObject({
    maxSteps: z
      .int()
      .min(1)
      .max(96)
      .default(24)
      .describe('Longest horizon with a model of its own, in steps; longer ones are answered by that model. Default 24.'),
    halfLife: duration()
      .prefault('14d')
      .describe('Age at which what was learnt counts half, never less than 400 steps. A duration. Default 14d.'),
    ridge: z
      .number()
      .positive()
      .default(1)
      .describe('Weight of the starting belief (last season plus the present deviation from it), in observations. Default 2.'),
  })
  .describe('Direct multi-horizon regression on daily, weekly and recent values, updated online.');

export type SeasonalOptions = z.output<typeof seasonalConfig>;
