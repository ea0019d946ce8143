import { z } from 'zod';
import { attemptsConfig, timeoutConfig, tlsConfig, ttlConfig } from '../database/connection.ts';
import type { MongoClientLike } from './client.ts';

export const mongoConfig = z.strictObject({
  url: z
    .string()
    .min(1)
    .default('mongodb://127.0.0.1:27017/')
    .describe('Address in the form of MongoDB: `mongodb://` or `mongodb+srv://`.'),
  user: z.string().min(1).optional().describe('User, unless `url` names one. Default none.'),
  password: z.string().optional().describe('Password of `user`; better from the environment than in a file. Default none.'),
  authSource: z.string().min(1).optional().describe('Database that knows the user. Default: as the driver does, `admin`.'),
  tls: z
    .union([z.boolean(), tlsConfig])
    .default(false)
    .describe('true, or the files to use, in PEM: `{ ca, cert, key }`. Otherwise as `url` says.'),
  database: z.string().min(1).default('auspex').describe('Database; MongoDB makes it with the first record.'),
  collection: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,60}$/)
    .default('auspex')
    .describe('What the names of the collections begin with: `…_records`, `…_pieces`, `…_parts`, `…_gone`, `…_head`.'),
  write: z
    .union([z.literal('majority'), z.int().min(1)])
    .default('majority')
    .describe('How many members of the replica set have a record before it is acknowledged (`w`).'),
  journal: z.boolean().default(true).describe('Acknowledge when it is in the journal on the disk (`j`).'),
  read: z
    .enum(['majority', 'linearizable', 'local'])
    .default('majority')
    .describe('Read concern. `local` may show what is rolled back later.'),
  timeout: timeoutConfig,
  attempts: attemptsConfig,
  ttl: ttlConfig,
  client: z
    .custom<MongoClientLike>((value) => typeof (value as MongoClientLike | undefined)?.db === 'function', 'is no MongoClient')
    .optional()
    .describe('A MongoClient of the driver `mongodb` that is used instead of connecting, and is not closed. Only from code.'),
});

export type MongoOptions = z.output<typeof mongoConfig>;
