import { z } from 'zod';

export const lmdbConfig = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe('Directory of the store; made when it is not there. On a local disk: LMDB rules out network file systems. No default.'),
});

export type LmdbOptions = z.output<typeof lmdbConfig>;
