import { defineDetector } from '@auspex/contracts';
import { compositionConfig } from './config.ts';
import { Composition } from './detector.ts';

/** Is what is asked for mixed as usual? */
export const composition = defineDetector({
  id: 'composition',
  summary: 'Shift in the mix of resources, features, countries, kinds, access levels and outcomes, in users and in bytes a request.',
  config: compositionConfig,
  create: (options) => new Composition(options),
});
