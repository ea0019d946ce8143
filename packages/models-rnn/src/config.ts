import { z } from 'zod';

/** Options of the predictor `rnn`. */
export const rnnConfig = z
  .strictObject({
    cell: z.enum(['lstm', 'gru']).default('lstm').describe('Recurrent cell. Default lstm.'),
    hidden: z.int().min(4).max(64).multipleOf(4).default(16).describe('Cells, a multiple of 4. Default 16.'),
    decoder: z
      .int()
      .min(0)
      .max(64)
      .multipleOf(4)
      .default(16)
      .describe('Units between what is known of a point and its quantiles, a multiple of 4; 0 = none. Default 16.'),
    window: z
      .int()
      .min(8)
      .max(96)
      .default(48)
      .describe('Slots that a training window sees, and that a series must show before it is answered. Default 48.'),
    steps: z.int().min(1).max(20_000).default(600).describe('Most steps of Adam in a training. Default 600.'),
    batch: z.int().min(4).max(512).default(64).describe('Windows a step of Adam. Default 64.'),
    learningRate: z.number().positive().default(0.01).describe('Step size of Adam at the start; it falls to a tenth. Default 0.01.'),
    maxWindows: z
      .int()
      .min(500)
      .max(100_000)
      .default(6000)
      .describe('Most training windows, drawn from all series and times by the seed. Default 6000.'),
    backend: z
      .enum(['auto', 'own', 'tensorflow', 'wasm'])
      .default('auto')
      .describe(
        'Where training runs. auto = TensorFlow where `@tensorflow/tfjs-node` is installed and works, else typed arrays of our own; one that is named and missing is an error. Default auto.',
      ),
  })
  .describe('One recurrent network over all series with a quantile head, trained by the engine on their history.');

export type RnnOptions = z.output<typeof rnnConfig>;
