import { defineDetector } from '@auspex/contracts';
import { audienceConfig } from './config.ts';
import { Audience } from './detector.ts';

/** Tells, in surges, an attack from an audience. It annotates: nothing is capped for it. */
export const audience = defineDetector({
  id: 'audience',
  summary: 'Is a surge an attack or an audience? A probability with its reasons: sources, new users, resources, sign-ins, countries.',
  config: audienceConfig,
  create: (options) => new Audience(options),
});
