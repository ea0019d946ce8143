import { z } from 'zod';
import { effectFields } from '../plan/effect.ts';
import { zoneName } from '../plan/zone-name.ts';

const types = z.array(z.enum(['public', 'bank', 'school', 'optional', 'observance'])).min(1);

const placeFields = {
  groups: effectFields.groups,
  pops: effectFields.pops,
  impact: effectFields.impact,
  ramp: effectFields.ramp,
  decay: effectFields.decay,
};

const place = z.strictObject({
  zone: zoneName().optional().describe('Zone of this place’s days. Default: that of all, else its first one, as date-holidays knows it.'),
  types: types.optional().describe('Types of this place’s holidays. Default: those of all.'),
  ...placeFields,
});

/** Options of the calendar `holidays`. */
export const holidaysConfig = z
  .strictObject({
    places: z
      .array(z.string().regex(/^[A-Z]{2}(?:-[A-Za-z0-9]+){0,2}$/, 'must be country, state and region codes: "US", "DE-BY"'))
      .min(1)
      .describe('Whose holidays: country, state and region codes, "US" or "DE-BY". Needs the package date-holidays.'),
    byPlace: z
      .record(z.string(), place)
      .default({})
      .describe('What differs by place: {"DE-BY": {"groups": ["bavaria"], "zone": "Europe/Berlin"}}. Default: nothing.'),
    types: types.default(['public']).describe('Types of holidays that count. Default public.'),
    zone: zoneName().optional().describe('Zone of the days. Default: the first one of each place, as date-holidays knows it.'),
    language: z
      .string()
      .regex(/^[a-z]{2}(?:-[a-z]{2})?$/i, 'must be a code such as "en"')
      .optional()
      .describe('Language of the names, where there is a name in it. Default: that of the place.'),
    category: effectFields.category
      .unwrap()
      .default('holiday')
      .describe('Their category: holidays are learnt from together. Default holiday.'),
    ...placeFields,
  })
  .refine(({ places, byPlace }) => Object.keys(byPlace).every((name) => places.includes(name)), {
    error: 'names a place that is none of places',
    path: ['byPlace'],
  });

export type HolidaysOptions = z.output<typeof holidaysConfig>;
export type PlaceOptions = z.output<typeof place>;
