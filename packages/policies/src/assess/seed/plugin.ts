import { defineAssessor } from '@auspex/contracts';
import { assessSeed } from './assess.ts';
import { seedConfig } from './config.ts';

/** The seed formula as a plugin. */
export const seedAssessor = defineAssessor({
  id: 'seed',
  summary: 'Surge score = (deviation from expected + event impact) x sensitivity; probability = the score clamped to 0..1.',
  config: seedConfig,
  create: () => ({ assess: assessSeed }),
});
