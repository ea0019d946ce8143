import { duration } from '@auspex/contracts';
import { z } from 'zod';
import { address, httpFields, variable, webAddress } from '../http/config.ts';

const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Options of the alert sink `alertmanager`. */
export const alertmanagerConfig = z.strictObject({
  urls: z
    .array(address)
    .min(1)
    .describe(
      'Addresses of an Alertmanager, or of every member of a cluster, with the prefix it is served under: http://alertmanager:9093. Alerts are sent to all.',
    ),
  holdsFor: duration()
    .refine((ms) => ms >= 60_000, 'must be at least 1m')
    .prefault('3h')
    .describe(
      'How long an alert lasts that is not sent again. Longer than the engine’s alerts.repeat, and short enough that those of a dead Auspex end. Default 3h.',
    ),
  labels: z
    .record(z.string().regex(LABEL, 'is no label name of Prometheus'), z.string())
    .default({})
    .describe('Further labels of every alert, such as {"cluster": "eu-1"}. Default: none.'),
  generatorUrl: webAddress.optional().describe('Where a reader of the alert is led to: a dashboard of yours. Default: nowhere.'),
  tokenEnv: variable.optional().describe('Name of the environment variable that holds the bearer token. Default: none.'),
  user: z.string().min(1).optional().describe('User of HTTP basic authentication. Default: none.'),
  passwordEnv: variable.optional().describe('Name of the environment variable that holds the password of user. Default: no password.'),
  headers: z
    .record(z.string().min(1), z.string())
    .default({})
    .describe('Further request headers, such as {"X-Scope-OrgID": "one"}. Default: none.'),
  ...httpFields,
});

export type AlertmanagerOptions = z.output<typeof alertmanagerConfig>;
