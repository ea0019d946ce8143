import { z } from 'zod';

/** Options of the detector `regime`. */
export const regimeConfig = z
  .strictObject({
    states: z
      .int()
      .min(1)
      .max(8)
      .default(3)
      .describe('Regimes that the series switches between, relative to what is expected of it. Default 3.'),
    window: z.int().min(200).max(5000).default(1000).describe('Steps that regimes are learnt from: the most recent ones. Default 1000.'),
    refitEvery: z
      .int()
      .min(200)
      .default(2000)
      .describe('Most observations between two fits; while the history is young fits come sooner. Default 2000.'),
    memory: z
      .int()
      .min(500)
      .default(20_000)
      .describe('Steps whose likelihood it is measured by: with so many of them all count half. Default 20000.'),
  })
  .describe('Likelihood of a step under the regimes of a hidden Markov chain around what is expected.');

export type RegimeOptions = z.output<typeof regimeConfig>;
