import { z } from 'zod';
import { MAPPED } from '../ndjson/config.ts';
import { fileFields, followFields, recordFields } from '../records/config.ts';

/** Properties that a sign-in record of JSON can give. */
const PLACES = [
  ...MAPPED.filter((name) => name !== 'outcome' && name !== 'attempt' && name !== 'weight' && name !== 'bytes'),
  'success',
] as const;

/** Options of the `auth` source. */
export const authConfig = z.strictObject({
  ...fileFields,
  ...recordFields,
  ...followFields,
  format: z
    .enum(['sshd', 'keycloak', 'okta', 'ndjson'])
    .describe(
      'sshd: syslog lines (RFC 3164, RFC 5424, ISO times) of OpenSSH; keycloak: its events as JSON lines; okta: its System Log as JSON lines; ndjson: any JSON lines, by fields.',
    ),
  fields: z
    .partialRecord(z.enum(PLACES), z.string().min(1))
    .default({})
    .describe(
      'JSON formats: where properties stand in a record, as dotted paths, beside or instead of those the format knows: {"group": "realm.name", "success": "result"}. `success` is true, false, or a text such as SUCCESS, FAILURE, DENY. Default: of the format.',
    ),
  group: z.string().default('').describe("Group of records that name none. Default '': an enricher finds it."),
  pop: z.string().default('').describe("Point of presence that wrote the log. Default '': the only one."),
  unknownUser: z
    .enum(['connection', 'attempt'])
    .default('connection')
    .describe(
      'sshd: what counts as a failure of a user that does not exist: each connection (line "Invalid user"), which servers without passwords log too, or each password tried (line "Failed … for invalid user"). Default connection.',
    ),
  zone: z
    .string()
    .min(1)
    .optional()
    .describe('Zone in which times without an offset were written: IANA name or fixed offset. Needed for such times; no default.'),
  reference: z.iso
    .datetime({ offset: true })
    .optional()
    .describe(
      'sshd: a time at or after the last line, ISO 8601 with offset, by which times without a year get theirs. Default: when the file was last written, or now when following.',
    ),
});

export type AuthOptions = z.output<typeof authConfig>;
