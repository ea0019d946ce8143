import type { Prior } from './logistic.ts';

/** What speaks for or against a surge, in the order of the inputs of its regression. */
export const INPUTS = ['calibration', 'forecast', 'use', 'trend', 'habit', 'deviation', 'events', 'groups', 'sign-ins', 'regime'] as const;

/**
 * What is believed of each input's weight before outcomes were seen: the forecast's own chance is taken at its word, with what planned events
 * and those who lead the pool add to it, and nothing else counts beside.
 */
export const PRIORS: readonly Prior[] = [
  { mean: 0, variance: 0.5 },
  { mean: 1, variance: 0.1 },
  { mean: 0, variance: 1 },
  { mean: 0, variance: 1 },
  { mean: 0, variance: 0.25 },
  { mean: 0, variance: 0.1 },
  { mean: 1, variance: 0.1 },
  { mean: 1, variance: 0.1 },
  { mean: 1, variance: 0.1 },
  { mean: 0, variance: 0.25 },
];
