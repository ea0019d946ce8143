import { z } from 'zod';

const worker = z.strictObject({
  slot: z.int().positive(),
  /** Stands in its environment. */
  key: z.string(),
  /** Absent = it is about to be started, or it died and waits. */
  pid: z.int().positive().optional(),
  start: z.string().optional(),
  /** Start, or where it died when that was noticed, epoch ms. */
  since: z.number(),
  offset: z.int().nonnegative().default(0),
  /** How often in a row it died soon after its start. */
  crashes: z.int().nonnegative().default(0),
  /** Not started again before, epoch ms. */
  waits: z.number().optional(),
  /** It was told to end, epoch ms: no unit any more. */
  stopping: z.number().optional(),
  /** SIGTERM went out. */
  told: z.boolean().optional(),
});

export const rosterShape = z.strictObject({ workers: z.array(worker) });

export type Worker = z.output<typeof worker>;
/** The workers of a pool that Auspex has started, in any of its processes. */
export type Roster = z.output<typeof rosterShape>;
