import { duration } from '@auspex/contracts';
import { z } from 'zod';

/** Options of the predictor `hmm-regime`. */
export const hmmRegimeConfig = z
  .strictObject({
    states: z.int().min(1).max(8).default(3).describe('Regimes that the series switches between. Default 3.'),
    window: z.int().min(200).max(5000).default(1000).describe('Steps that regimes are learnt from: the most recent ones. Default 1000.'),
    refitEvery: duration()
      .prefault('7d')
      .describe(
        'Longest time between two fits, never less than 200 observations; while the history is young fits come sooner. A duration. Default 7d.',
      ),
    memory: duration()
      .prefault('7d')
      .describe(
        'Age at which what was expected of an hour of the day counts about a third; of an hour of the week, four times that. A duration. Default 7d.',
      ),
    surgeAt: z
      .number()
      .min(0)
      .default(0.25)
      .describe('Share over what is expected from which a regime is a surge: 0.25 = a quarter more. Default 0.25.'),
  })
  .describe('Regimes around a seasonal expectation: a Gaussian hidden Markov chain over log residuals.');

export type HmmRegimeOptions = z.output<typeof hmmRegimeConfig>;
