import { duration } from '@auspex/contracts';
import { z } from 'zod';

/** Options that every source of one record a line has. */
export const recordFields = {
  batch: z.int().min(1).max(65_536).default(4096).describe('Events of one batch. Default 4096.'),
  maxBackwards: duration()
    .prefault('1h')
    .describe('How far a record may lie before the highest time read; further back is an error, or a warning when following. Default 1h.'),
};

/** Options of sources that read files. */
export const fileFields = {
  files: z
    .array(z.string().min(1))
    .min(1)
    .describe('Files, plain or gzip, read one after another as one partition; `*` in the last segment matches names, sorted by name.'),
};

/** Options of sources that can follow a file. */
export const followFields = {
  follow: z.boolean().default(false).describe('Go on reading the last file while it grows, through rotations. Default false.'),
  poll: duration().prefault('250ms').describe('Time between two looks at a quiet file when following. Default 250ms.'),
};
