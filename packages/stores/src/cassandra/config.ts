import { z } from 'zod';
import { attemptsConfig, timeoutConfig, tlsConfig, ttlConfig } from '../database/connection.ts';
import type { CassandraClientLike } from './client.ts';

const LEVELS = ['localQuorum', 'quorum', 'eachQuorum', 'all', 'localOne', 'one', 'two'] as const;

export const cassandraConfig = z.strictObject({
  contactPoints: z
    .array(z.string().min(1))
    .min(1)
    .default(['127.0.0.1:9042'])
    .describe('Some nodes, `host` or `host:port`; the others are learnt from them.'),
  datacenter: z.string().min(1).default('datacenter1').describe('Our datacenter: its nodes are asked, and `local…` levels count in it.'),
  keyspace: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_]{0,47}$/)
    .default('auspex')
    .describe('Keyspace. It must exist, unless `createKeyspace` says how to make it.'),
  createKeyspace: z
    .record(z.string(), z.union([z.string(), z.int()]))
    .optional()
    .describe(
      'Replication with which the keyspace is made when it is not there: { class: "NetworkTopologyStrategy", datacenter1: 3 }. Default: it is not made.',
    ),
  table: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_]{0,30}$/)
    .default('auspex')
    .describe('What the names of the tables begin with: `…_records`, `…_parts`, `…_head`. Made when they are not there.'),
  buckets: z
    .int()
    .min(1)
    .max(256)
    .default(16)
    .describe('Partitions that the records are dealt out to. Counts when the tables are made; afterwards the tables say.'),
  user: z.string().min(1).optional().describe('User. Default: none is named.'),
  password: z.string().optional().describe('Password of `user`; better from the environment than in a file. Default none.'),
  tls: z.union([z.boolean(), tlsConfig]).default(false).describe('true, or the files to use, in PEM: `{ ca, cert, key }`.'),
  consistency: z
    .enum(LEVELS)
    .default('localQuorum')
    .describe('Replicas that answer a read and confirm a write. Below a quorum what was acknowledged may be lost.'),
  serialConsistency: z
    .enum(['localSerial', 'serial'])
    .default('localSerial')
    .describe(
      'Where compare-and-set is decided. `serial` where engines in several datacenters share the store, with `consistency: "eachQuorum"` or `"quorum"`.',
    ),
  timeout: timeoutConfig,
  attempts: attemptsConfig,
  ttl: ttlConfig,
  client: z
    .custom<CassandraClientLike>((value) => typeof (value as CassandraClientLike | undefined)?.execute === 'function', 'is no Client')
    .optional()
    .describe('A Client of `cassandra-driver` that is used instead of connecting, and is not shut down. Only from code.'),
});

export type CassandraOptions = z.output<typeof cassandraConfig>;
