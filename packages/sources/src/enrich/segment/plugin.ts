import { defineEnricher } from '@auspex/contracts';
import { segmentConfig } from './config.ts';
import { SegmentEnricher } from './enricher.ts';

/** Learns groups of users from what they do. */
export const segmentEnricher = defineEnricher({
  id: 'segment',
  summary: 'Puts users into segments learnt from what they do, how much and when; users are known by keyed hashes alone.',
  config: segmentConfig,
  create: (options, { random }) => new SegmentEnricher(options, Math.floor(random.next() * 2 ** 32), Math.floor(random.next() * 2 ** 32)),
});
