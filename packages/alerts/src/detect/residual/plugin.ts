import { defineDetector } from '@auspex/contracts';
import { residualConfig } from './config.ts';
import { Residual } from './detector.ts';

/** Is the step unlike its forecast? */
export const residual = defineDetector({
  id: 'residual',
  summary: 'Deviation from the forecast over several time scales, up and down, and values that repeat themselves.',
  config: residualConfig,
  create: (options) => new Residual(options),
});
