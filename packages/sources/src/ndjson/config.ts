import { z } from 'zod';
import { fileFields, followFields, recordFields } from '../records/config.ts';

/** Properties of an event that a record can give. */
export const MAPPED = [
  'at',
  'kind',
  'group',
  'pop',
  'outcome',
  'attempt',
  'count',
  'weight',
  'bytes',
  'user',
  'accessLevel',
  'session',
  'resource',
  'feature',
  'country',
  'ip',
  'agent',
] as const;

/** Options of every source whose records are JSON objects. */
export const eventFields = {
  fields: z
    .partialRecord(z.enum(MAPPED), z.string().min(1))
    .default({})
    .describe(
      'Where the properties of an event stand in a record, as dotted paths: {"at": "time", "user": "client.id"}. Default: under their own names.',
    ),
  zone: z
    .string()
    .min(1)
    .optional()
    .describe('Zone in which times without an offset were written: IANA name or fixed offset. Needed for such times; no default.'),
  unit: z.enum(['s', 'ms']).optional().describe('Unit of epoch numbers. Default: ms from 100,000,000,000 on, else s.'),
};

const common = { ...recordFields, ...eventFields };

/** Options of the `ndjson` source. */
export const ndjsonConfig = z.strictObject({ ...fileFields, ...followFields, ...common });

/** Options of the `ndjson-stdin` source. */
export const ndjsonStdinConfig = z.strictObject(common);

export type NdjsonOptions = z.output<typeof ndjsonConfig>;
export type NdjsonStdinOptions = z.output<typeof ndjsonStdinConfig>;
