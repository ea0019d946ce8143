export { type SegmentOptions, segmentConfig } from './config.ts';
export { SegmentEnricher, type Segments } from './enricher.ts';
export { segmentEnricher } from './plugin.ts';
