import { duration } from '@auspex/contracts';
import { z } from 'zod';
import { eventFields } from '../ndjson/config.ts';
import { recordFields } from '../records/config.ts';

const seconds = (text: string, least: number) => duration().refine((ms) => ms >= least && ms <= 86_400_000, text);

/** Options of the `http` source. */
export const httpConfig = z.strictObject({
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address to listen on; 0.0.0.0 or :: for all. Give a token with any but the default. Default 127.0.0.1.'),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .default(0)
    .describe('TCP port; 0 = a free one, which the log and the gauge auspex_http_port tell. Default 0.'),
  path: z
    .string()
    .regex(/^\/[\w./-]*$/, 'must begin with a slash and hold letters, digits and . _ / - only')
    .refine((path) => path !== '/health', 'is taken by the health check')
    .default('/events')
    .describe('Path that events are posted to. Default /events.'),
  token: z
    .string()
    .min(8)
    .optional()
    .describe('Bearer token of senders, at least 8 characters; tokenEnv keeps it out of the config. Default: none asked for.'),
  tokenEnv: z.string().min(1).optional().describe('Name of the environment variable that holds the bearer token. Default: none.'),
  ack: z
    .enum(['queued', 'durable'])
    .default('queued')
    .describe(
      'When 202 is sent: queued = the events are in memory, and a crash loses them; durable = a checkpoint holds what they were counted to. Default queued.',
    ),
  ackTimeout: seconds('must be from 1s to 1d', 1_000)
    .prefault('2m')
    .describe('With ack durable: longest wait for the checkpoint, after which the answer is 503. Default 2m.'),
  maxBody: z.int().min(1_024).max(67_108_864).default(1_048_576).describe('Largest body, bytes, as sent and as unpacked. Default 1048576.'),
  queue: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(100_000)
    .describe('Events that wait to be taken; a request that finds no room gets 429. Default 100000.'),
  queueBytes: z.int().min(1_024).default(67_108_864).describe('The same bound for the unpacked bytes of their bodies. Default 67108864.'),
  retryAfter: seconds('must be from 1s to 1d', 1_000)
    .prefault('1s')
    .describe('What Retry-After says with 429 and 503; rounded up to seconds. Default 1s.'),
  connections: z.int().min(1).max(65_536).default(256).describe('Open connections; further ones are closed at once. Default 256.'),
  requestTimeout: seconds('must be from 1s to 1d', 1_000)
    .prefault('10s')
    .describe('Longest time in which a request must have arrived whole; a slower one gets 408. Default 10s.'),
  delay: duration()
    .prefault('10s')
    .describe('How long after its time an event may arrive: silence is vouched for up to now minus this. Default 10s.'),
  tick: duration()
    .refine((ms) => ms >= 10, 'must be at least 10ms')
    .prefault('1s')
    .describe('How often silence is told while nothing arrives. Default 1s.'),
  batch: recordFields.batch,
  ...eventFields,
});

export type HttpOptions = z.output<typeof httpConfig>;
