import { duration } from '@auspex/contracts';
import { z } from 'zod';

export const maxSize = z
  .int()
  .min(1_024)
  .max(67_108_864)
  .default(8_388_608)
  .describe('Largest calendar that is read, bytes, unpacked. Default 8388608.');

const variable = z.string().min(1);

/** How a calendar is fetched. */
export const fetchFields = {
  refresh: duration()
    .refine((ms) => ms >= 10_000, 'must be at least 10s')
    .prefault('15m')
    .describe('How often the server is asked whether something has changed; after a failure it is asked each minute. Default 15m.'),
  timeout: duration()
    .refine((ms) => ms >= 100 && ms <= 600_000, 'must be from 100ms to 10m')
    .prefault('8s')
    .describe('Longest that an answer may take, whole. Below the engine’s timeLimit, so that the reason is told. Default 8s.'),
  maxSize,
  token: z.string().min(1).optional().describe('Bearer token; tokenEnv keeps it out of the config. Default: none.'),
  tokenEnv: variable.optional().describe('Name of the environment variable that holds the bearer token. Default: none.'),
  user: z.string().min(1).optional().describe('User of HTTP basic authentication. Default: none.'),
  passwordEnv: variable.optional().describe('Name of the environment variable that holds the password of user. Default: no password.'),
  headers: z.record(z.string().min(1), z.string()).default({}).describe('Further request headers. Default: none.'),
  headersEnv: z
    .record(z.string().min(1), variable)
    .default({})
    .describe(
      'Request headers whose values are secrets, each with the environment variable that holds it: {"X-Api-Key": "PLAN_KEY"}. Default: none.',
    ),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe('Path of a PEM file with the authorities to trust instead of the system’s. Default: the system’s.'),
};

const access = z.object(fetchFields);
export type FetchOptions = z.output<typeof access>;

/** An address as it may be told: private addresses of calendars hold a secret in their path or query. */
export function shown(url: URL): string {
  return `${url.protocol}//${url.host}/…`;
}
