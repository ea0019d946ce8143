import { defineEnricher } from '@auspex/contracts';
import { sessionConfig } from './config.ts';
import { SessionEnricher } from './enricher.ts';

/** Finds sessions: where they begin, how long they last. */
export const sessionEnricher = defineEnricher({
  id: 'session',
  summary: 'Marks where sessions begin and tells how long they lasted, by inactivity.',
  config: sessionConfig,
  create: (options, { random }) => new SessionEnricher(options, Math.floor(random.next() * 2 ** 32)),
});
