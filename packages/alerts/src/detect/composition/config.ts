import { duration } from '@auspex/contracts';
import { z } from 'zod';

/** Options of the detector `composition`. */
export const compositionConfig = z
  .strictObject({
    memory: duration().prefault('1d').describe('Time after which what was usual counts half.'),
    keys: z
      .int()
      .min(4)
      .max(512)
      .default(64)
      .describe('Resources, features, countries … that are told apart, the most frequent of each; the rest is one. Default 64.'),
    fill: z.int().min(20).default(120).describe('First steps with requests, which are learnt and have no score. Default 120.'),
    settle: duration().prefault('1d').describe('A mix that stays unusual this long is the usual one from then on.'),
  })
  .describe('Shift in the mix of what is asked for, by whom and from where.');

export type CompositionOptions = z.output<typeof compositionConfig>;
