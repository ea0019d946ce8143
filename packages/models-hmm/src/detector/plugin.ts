import { defineDetector } from '@auspex/contracts';
import { regimeConfig } from './config.ts';
import { Regime } from './detector.ts';

/** Is the step one that no regime explains? For `combined` of `@auspex/alerts`, or by itself. */
export const regime = defineDetector({
  id: 'regime',
  summary: 'Likelihood under regimes that last: a Gaussian hidden Markov chain on the rate relative to what is expected.',
  config: regimeConfig,
  create: (options, { random }) => new Regime(options, random),
});
