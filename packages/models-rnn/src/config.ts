import { z } from 'zod';

/** Options of the predictor `rnn`. */
export const rnnConfig = z
  .strictObject({
    hidden: z.int().min(4).max(64).multipleOf(4).default(16).describe('Cells of the LSTM, a multiple of 4. Default 16.'),
    window: z
      .int()
      .min(8)
      .max(96)
      .default(48)
      .describe('Slots that a training window sees, and that a series must show before it is answered. Default 48.'),
    epochs: z
      .int()
      .min(1)
      .max(100)
      .default(6)
      .describe('Passes over the training windows; the best one on held-out data is kept. Default 6.'),
    batch: z.int().min(4).max(512).multipleOf(4).default(64).describe('Windows a step of Adam, a multiple of 4. Default 64.'),
    learningRate: z.number().positive().default(0.01).describe('Step size of Adam at the start; it falls to a tenth. Default 0.01.'),
    maxWindows: z
      .int()
      .min(500)
      .max(100_000)
      .default(4000)
      .describe('Most training windows, drawn from all series and times by the seed. Default 4000.'),
  })
  .describe('One LSTM over all series with a quantile head, trained by the engine on their history.');

export type RnnOptions = z.output<typeof rnnConfig>;
