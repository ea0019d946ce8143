import { duration } from '@auspex/contracts';
import { z } from 'zod';
import { eventFields } from '../ndjson/config.ts';
import type { KafkaLike } from './client.ts';
import type { KafkaRecord } from './reading.ts';

const sasl = z.strictObject({
  mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).describe('How the broker wants to be asked.'),
  username: z.string().min(1).describe('User.'),
  passwordEnv: z.string().min(1).describe('Environment variable that holds the password.'),
});

/** Options of the `kafka` source. */
export const kafkaConfig = z.strictObject({
  brokers: z.array(z.string().min(1)).min(1).optional().describe('Brokers to begin with, host:port. This or `client`.'),
  client: z
    .custom<KafkaLike>((value) => typeof (value as KafkaLike | undefined)?.consumer === 'function')
    .optional()
    .describe('A Kafka client of the host (kafkajs), used as it is and not closed. This or `brokers`.'),
  topic: z.string().min(1).describe('Topic with the events. Events of one group must have one key, so that they lie in one partition.'),
  group: z
    .string()
    .min(1)
    .default('auspex')
    .describe('Consumer group. Where the config says `shared`, its instances deal the partitions out among them. Default auspex.'),
  clientId: z.string().min(1).default('auspex').describe('How it names itself to the broker. Default auspex.'),
  sasl: sasl.optional().describe('Authentication. Default none.'),
  tls: z
    .union([z.boolean(), z.strictObject({ ca: z.string().min(1).describe('File of the root certificate, PEM.') })])
    .default(false)
    .describe('Encrypted connections; true trusts the system’s certificates. Default false.'),
  decode: z
    .custom<(record: KafkaRecord) => unknown>((value) => typeof value === 'function')
    .optional()
    .describe(
      'Codec of the host: what a message says, as JSON would: an object, a list of them, or undefined for nothing. A message for which it throws cannot be read. Default: JSON.',
    ),
  ...eventFields,
  deadLetter: z
    .string()
    .min(1)
    .optional()
    .describe('Topic to which records that cannot be read are sent as they are. Default: they are counted only.'),
  beginning: z
    .boolean()
    .default(true)
    .describe('Where nothing is known of a partition: read it from its beginning (true), or from what comes next. Default true.'),
  idle: duration()
    .prefault('5s')
    .describe('A partition that is read to its end vouches for the time up to this long ago, so that silence closes steps. Default 5s.'),
  batch: z.int().positive().default(4_096).describe('Events that are handed to a shard at once, at least a message. Default 4096.'),
  session: duration().prefault('30s').describe('How long the broker waits for a sign of life before it deals anew. Default 30s.'),
  startLimit: duration().prefault('10s').describe('How long the first answer of the broker may take. Default 10s.'),
});

export type KafkaOptions = z.output<typeof kafkaConfig>;
