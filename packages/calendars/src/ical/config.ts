import { z } from 'zod';
import { fetchFields } from '../copies/config.ts';
import { effectFields } from '../plan/effect.ts';
import { zoneName } from '../plan/zone-name.ts';

const rule = z.strictObject({
  match: z
    .strictObject({
      category: z.string().min(1).optional().describe('One of its CATEGORIES; * stands for any text, case does not count. Default: any.'),
      summary: z.string().min(1).optional().describe('Its SUMMARY, whole; * stands for any text, case does not count. Default: any.'),
    })
    .prefault({})
    .describe('Which events; all where nothing is said.'),
  ...effectFields,
  skip: z.boolean().default(false).describe('Leave these events out. Default false.'),
});

/** Options of the calendar `ical`. */
export const icalConfig = z
  .strictObject({
    files: z.array(z.string().min(1)).default([]).describe('iCalendar files; each is read again when it has changed. Default: none.'),
    urls: z
      .array(z.url({ protocol: /^(?:https?|webcals?)$/ }))
      .default([])
      .describe('Addresses of iCalendar feeds; webcal:// is fetched as https://. Default: none.'),
    zone: zoneName()
      .optional()
      .describe('Zone of whole days and of times without one. Default: the calendar’s own (X-WR-TIMEZONE), UTC where it names none.'),
    categories: z.array(z.string().min(1)).optional().describe('Only events of these categories; case does not count. Default: all.'),
    rules: z
      .array(rule)
      .default([])
      .describe(
        'What events do, and to whom. Of several that match, each field is of the first that gives it; X-AUSPEX-… in the event comes first.',
      ),
    ...fetchFields,
  })
  .refine(({ files, urls }) => files.length + urls.length > 0, { error: 'name files or urls', path: ['files'] });

export type IcalOptions = z.output<typeof icalConfig>;
export type IcalRule = z.output<typeof rule>;
