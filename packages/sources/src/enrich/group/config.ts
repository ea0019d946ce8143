import { z } from 'zod';

const field = z
  .enum(['user', 'accessLevel', 'country', 'feature', 'pop', 'resource'])
  .describe('Field of the event: user, accessLevel, country, feature, pop or resource. Addresses never become names of groups.');

const rule = z.union([
  z.strictObject({ field }),
  z.strictObject({
    pathPrefix: z.int().min(1).max(16).describe('The first n segments of the resource: with 2, /a/b/c is /a/b.'),
  }),
  z.strictObject({
    hostSuffix: z
      .int()
      .min(1)
      .max(16)
      .describe("The last n labels of the client's host name: with 1, www.example.com is com; numeric addresses are ip."),
  }),
  z.strictObject({
    lookup: z
      .string()
      .min(1)
      .describe('Path of a table: CSV with a header, whose first column is the key and the second the result; or JSON {"key": "result"}.'),
    field: field.describe('Field of the event whose value is looked up.'),
    default: z.string().optional().describe('Result for values that the table does not hold. Default: none, the event keeps what it has.'),
  }),
]);

/** Options of the `group` enricher. */
export const groupConfig = z.strictObject({
  rule: rule
    .optional()
    .describe('What gives the group: {field}, {pathPrefix}, {hostSuffix} or {lookup, field, default}. Default: the group stays.'),
  pop: rule.optional().describe('What gives the point of presence; same shapes as rule. Default: the POP stays.'),
  override: z.boolean().default(false).describe('Replace a group or POP that the source has set. Default false.'),
  resourceSegments: z
    .int()
    .min(1)
    .max(16)
    .optional()
    .describe('Shorten the resource to n segments and write segments of digits as :id. Default: the resource stays.'),
});

export type GroupOptions = z.output<typeof groupConfig>;
export type GroupRule = z.output<typeof rule>;
