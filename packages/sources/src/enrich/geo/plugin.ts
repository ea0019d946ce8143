import { defineEnricher } from '@auspex/contracts';
import { geoConfig } from './config.ts';
import { GeoEnricher } from './enricher.ts';

/** Names the country of each event by its address, which is not kept. */
export const geoEnricher = defineEnricher({
  id: 'geo',
  summary: 'Names the country of events by their IPv4 or IPv6 address; private addresses have none.',
  config: geoConfig,
  create: (options) => new GeoEnricher(options),
});
