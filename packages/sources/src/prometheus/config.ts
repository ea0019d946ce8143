import { duration } from '@auspex/contracts';
import { z } from 'zod';
import { recordFields } from '../records/config.ts';

const label = (what: string) => z.string().min(1).optional().describe(`Label that gives the ${what}. Default: none.`);

/** Options of the `prometheus` source. */
export const prometheusConfig = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .describe('Address of the Prometheus HTTP API, with the prefix it is served under: http://prometheus:9090.'),
  query: z
    .string()
    .min(1)
    .describe('PromQL whose result is one series a group, over a range of one step: sum by (tenant) (rate(http_requests_total[1m])).'),
  values: z
    .enum(['rate', 'count'])
    .default('rate')
    .describe(
      'What the query gives: rate = events a second, as rate() does; count = events in the step, as increase() does. Default rate.',
    ),
  labels: z
    .strictObject({
      group: label('group of users'),
      pop: label('point of presence'),
      kind: label('kind of event'),
      resource: label('resource'),
      feature: label('product feature'),
      country: label('ISO 3166-1 alpha-2 country'),
      accessLevel: label('access level'),
      outcome: label('outcome: an HTTP status, or served, throttled, failed, timed-out'),
    })
    .prefault({})
    .describe('Which labels of the result say what: {"group": "tenant", "outcome": "code"}. Default: none, all is of one group.'),
  groupName: z.string().default('all').describe('The group when labels.group is not given. Default all.'),
  step: duration()
    .refine((ms) => ms >= 1_000 && 3_600_000 % ms === 0, 'must divide an hour and be at least 1s')
    .prefault('1m')
    .describe("Length of a step; give the engine's own. Steps are aligned to the epoch. Default 1m."),
  history: duration()
    .prefault('14d')
    .describe('How far back the first start reads, so that nothing begins from nothing; 0s = nothing of the past. Default 14d.'),
  live: z.boolean().default(true).describe('Go on with each new step; false ends with the last step before the start. Default true.'),
  lag: duration()
    .prefault('30s')
    .describe('How long after the end of a step it is asked for: scrape interval plus what remote write takes. Default 30s.'),
  points: z
    .int()
    .min(1)
    .max(10_000)
    .default(1_000)
    .describe('Steps asked for at once; Prometheus allows 11,000 points a series. Default 1000.'),
  maxSeries: z.int().min(1).max(100_000).default(1_000).describe('Most series that the query may give; more is an error. Default 1000.'),
  timeout: duration()
    .refine((ms) => ms >= 100, 'must be at least 100ms')
    .prefault('30s')
    .describe('Longest silence of the server during a request. Default 30s.'),
  patience: duration()
    .prefault('10m')
    .describe('How long a server that has answered before may be out of reach before the source gives up. Default 10m.'),
  token: z.string().min(1).optional().describe('Bearer token; tokenEnv keeps it out of the config. Default: none.'),
  tokenEnv: z.string().min(1).optional().describe('Name of the environment variable that holds the bearer token. Default: none.'),
  user: z.string().min(1).optional().describe('User of HTTP basic authentication. Default: none.'),
  passwordEnv: z
    .string()
    .min(1)
    .optional()
    .describe('Name of the environment variable that holds the password of user. Default: no password.'),
  headers: z
    .record(z.string().min(1), z.string())
    .default({})
    .describe('Further request headers, such as {"X-Scope-OrgID": "one"}. Default: none.'),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe('Path of a PEM file with the authorities to trust instead of the system’s. Default: the system’s.'),
  batch: recordFields.batch,
});

export type PrometheusOptions = z.output<typeof prometheusConfig>;
