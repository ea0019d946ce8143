import { z } from 'zod';

/** Options of the predictor `brain-lstm`. */
export const brainConfig = z
  .strictObject({
    cell: z.enum(['lstm', 'gru']).default('lstm').describe('LSTMTimeStep or GRUTimeStep of brain.js. Default lstm.'),
    hidden: z.int().min(2).max(32).default(8).describe('Cells. Default 8.'),
    window: z.int().min(8).max(96).default(24).describe('Steps that the network sees. Default 24.'),
    maxWindows: z
      .int()
      .min(100)
      .max(5000)
      .default(2000)
      .describe('Most training windows, drawn from all series and times by the seed. Default 2000.'),
    passes: z.int().min(1).max(20).default(2).describe('How often training goes through them. Default 2.'),
    learningRate: z.number().positive().max(1).default(0.005).describe('Step size of brain.js’ RMSprop. Default 0.005.'),
  })
  .describe('A recurrent network of brain.js over all series: point forecasts, with intervals from their own past errors.');

export type BrainOptions = z.output<typeof brainConfig>;
