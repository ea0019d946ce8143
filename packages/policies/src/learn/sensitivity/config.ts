import { z } from 'zod';

export const sensitivityConfig = z
  .strictObject({
    least: z.number().gte(0).lte(1).default(0.5).describe('Least that a sensitivity becomes.'),
    most: z.number().gte(1).default(2).describe('Most that a sensitivity becomes.'),
    perDay: z
      .number()
      .positive()
      .default(0.05)
      .describe('Most that it moves in a day (UTC), as a share: one bad day moves no group further.'),
    prior: z
      .number()
      .positive()
      .default(5)
      .describe('What the belief that deviations come as they are seen weighs, as a sum of their squares: 5 = twenty of 50 %.'),
    halfLife: z.number().positive().default(28).describe('Days after which a day counts half.'),
    groups: z.int().positive().default(1000).describe('Most groups that are learnt; those long without a surge go first.'),
  })
  .describe('How fast, and how far, the sensitivity of a group follows what came of its surges.');

export type SensitivityOptions = z.output<typeof sensitivityConfig>;
