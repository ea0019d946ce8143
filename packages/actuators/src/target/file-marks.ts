import { z } from 'zod';
import { FileRecords } from './file-records.ts';
import type { Marks } from './marks.ts';
import type { Mark } from './target.ts';

const count = z.int().nonnegative();
/** A mark as it is written down. */
export const markShape = z.strictObject({
  units: count,
  original: count,
  step: z.number(),
  epoch: z.number(),
  expires: z.number().optional(),
  was: count.optional(),
  handsOff: z.number().optional(),
  parts: z.array(z.string()).optional(),
});

/**
 * Marks in files of a directory, one a pool, for targets on the machine of the engine or reached from it alone. The engine and its lease keeper
 * have to see the same directory.
 */
export class FileMarks extends FileRecords<Mark> implements Marks {
  /**
   * @param owner plugin whose marks they are: two plugins may serve one pool
   * @param of what a pool is: a mark of something else is refused. Absent = nobody looks
   */
  constructor(directory: string, owner: string, of?: (pool: string) => string) {
    super(directory, owner, markShape as z.ZodType<Mark>, 'a lease', of);
  }
}
