import { duration } from '@auspex/contracts';
import { z } from 'zod';

/** Options of the detector `audience`. */
export const audienceConfig = z.strictObject({
  prior: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.01)
    .describe('Share of surges that are attacks before anything is known of one: what the evidence starts from. Default 0.01.'),
  threshold: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.5)
    .describe('Probability from which a surge is called hostile: its users are then not taken for known ones later that day. Default 0.5.'),
  ratio: z
    .number()
    .gt(1)
    .default(1.5)
    .describe('So many times the expected rate make a surge, where that is beyond the usual noise, too. Default 1.5.'),
  requests: z.int().positive().default(50).describe('Requests beyond the expected ones before it judges; below it abstains. Default 50.'),
  evidence: z
    .int()
    .min(1)
    .max(8)
    .default(3)
    .describe('Kinds of evidence (sources, users, resources, …) before it judges; below it abstains. Default 3.'),
  warmUp: duration()
    .prefault('30m')
    .describe('Time without a surge before what is usual counts as known, at least 10 steps; before it abstains. Default 30m.'),
  memory: duration().prefault('1d').describe('Time after which what was usual counts half. Default 1d.'),
  settle: duration()
    .prefault('1d')
    .describe('A surge that lasts this long is a new level: it is learnt as usual from then on. Default 1d.'),
  window: z
    .int()
    .min(2)
    .default(15)
    .describe('Evidence is of the last steps of a surge, between this many and twice as many. Default 15 steps.'),
});

export type AudienceOptions = z.output<typeof audienceConfig>;
