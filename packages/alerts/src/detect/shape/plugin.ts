import { defineDetector } from '@auspex/contracts';
import { shapeConfig } from './config.ts';
import { Shape } from './detector.ts';

/** Is the recent shape of the series one that was never seen? It needs no forecast. */
export const shape = defineDetector({
  id: 'shape',
  summary:
    'Novelty of the recent shape: the value with the one before, the recent highest, spread and time of day, unlike all that was seen.',
  config: shapeConfig,
  create: (options) => new Shape(options),
});
