import { duration } from '@auspex/contracts';
import { z } from 'zod';
import { fetchFields } from '../copies/config.ts';
import { zoneField } from '../json/config.ts';

/** Options of the calendar `http-calendar`. */
export const httpCalendarConfig = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .describe('Address that answers with a list of events, or {"events": […]}, as json-calendar reads them.'),
  fromParam: z
    .string()
    .min(1)
    .default('from')
    .describe('Query parameter for the begin of the time that is asked about, ISO 8601 in UTC. Default from.'),
  toParam: z.string().min(1).default('to').describe('Query parameter for its end, exclusive. Default to.'),
  window: duration()
    .refine((ms) => ms >= 86_400_000 && ms <= 366 * 86_400_000, 'must be from 1d to 366d')
    .prefault('28d')
    .describe(
      'How much time is asked about at once; windows begin at whole multiples since 1970, so that an answer can be kept. Default 28d.',
    ),
  whole: z.boolean().default(false).describe('Ask once for all there is, without the two parameters. Default false.'),
  zone: zoneField,
  ...fetchFields,
});

export type HttpCalendarOptions = z.output<typeof httpCalendarConfig>;
