import { duration } from '@auspex/contracts';
import { z } from 'zod';
import { dayOf } from './holidays.ts';

/** Places and local dates, one or a list; a list out. Whether a place exists is known where its calendar is loaded. */
function holidays(): z.ZodType<string[], string | string[]> {
  const entry = z.string().refine((text) => /^[A-Za-z]{2}(-[^-\s]+){0,2}$/.test(text) || dayOf(text) !== undefined, {
    error: ({ input }) => `"${input}" is neither a place such as "US" or "DE-BY" nor a local date such as "2026-12-24"`,
  });
  return z.union([entry, z.array(entry)]).transform((given) => [given].flat());
}

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
      .describe('Weight of the starting belief (last season plus the present deviation from it), in observations. Default 1.'),
    holidays: holidays()
      .prefault([])
      .describe(
        'Days that are like Sundays and no model for ordinary days: places whose public holidays are meant ("US", "DE-BY"; needs date-holidays), local dates ("2026-12-24"), or both in a list. Default none.',
      ),
  })
  .describe('Direct multi-horizon regression on daily, weekly and recent values, updated online.');

export type SeasonalOptions = z.output<typeof seasonalConfig>;
