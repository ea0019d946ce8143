import { z } from 'zod';

/** Options of the `lmdb` store. */
export const lmdbConfig = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe('Folder of the store, made when it is missing; on a local disk (LMDB does not work on network file systems).'),
});

export type LmdbOptions = z.output<typeof lmdbConfig>;
