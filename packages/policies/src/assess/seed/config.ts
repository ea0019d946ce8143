import { z } from 'zod';

/** Options of the assessor `seed`: it has none. All that the formula needs comes with the input. */
export const seedConfig = z
  .strictObject({})
  .describe('The seed formula has no options: sensitivity and quiet rate come from profile and pool.');
