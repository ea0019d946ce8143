export { type GeoOptions, geoConfig } from './config.ts';
export { GeoEnricher } from './enricher.ts';
export { geoEnricher } from './plugin.ts';
