import { defineEnricher } from '@auspex/contracts';
import { groupConfig } from './config.ts';
import { GroupEnricher } from './enricher.ts';

/** Names the group of users of each event, and its point of presence. */
export const groupEnricher = defineEnricher({
  id: 'group',
  summary: 'Names the group and POP of events by field, path, host name or table.',
  config: groupConfig,
  create: (options) => new GroupEnricher(options),
});
