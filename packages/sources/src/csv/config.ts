import { duration } from '@auspex/contracts';
import { z } from 'zod';
import { fileFields, recordFields } from '../records/config.ts';

const column = (what: string) => z.string().min(1).optional().describe(what);

/** Options of the `csv` source. */
export const csvConfig = z.strictObject({
  ...fileFields,
  time: z.string().min(1).default('timestamp').describe('Column of the time: ISO 8601, or epoch numbers. Default timestamp.'),
  value: column('Column of the count of a row, not negative. Default: each row counts 1.'),
  group: column('Column of the group of users. Default: all rows are of groupName.'),
  groupName: z.string().min(1).default('all').describe('The group of rows when there is no group column. Default all.'),
  pop: column('Column of the point of presence. Default: none.'),
  resource: column('Column of what was asked for. Default: none.'),
  feature: column('Column of the product feature. Default: none.'),
  user: column('Column of the user key. Default: none.'),
  country: column('Column of the ISO 3166-1 alpha-2 country. Default: none.'),
  zone: z
    .string()
    .min(1)
    .optional()
    .describe('Zone in which times without an offset were written: IANA name or fixed offset. Needed for such times; no default.'),
  unit: z.enum(['s', 'ms']).optional().describe('Unit of epoch numbers. Default: ms from 100,000,000,000 on, else s.'),
  every: duration()
    .refine((ms) => ms > 0, 'must be longer than nothing')
    .optional()
    .describe('Sampling period. Default: the smallest difference between times of the first 1000 rows.'),
  order: z
    .enum(['strict', 'sort'])
    .default('strict')
    .describe('strict: rows are in the order of time; sort: the files are read whole into memory and sorted. Default strict.'),
  batch: recordFields.batch,
});

export type CsvOptions = z.output<typeof csvConfig>;
