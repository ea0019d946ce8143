import { defineEnricher } from '@auspex/contracts';
import { botConfig } from './config.ts';
import { BotEnricher } from './enricher.ts';

/** Sets the events of bots apart, or leaves them out. */
export const botEnricher = defineEnricher({
  id: 'bot',
  summary: 'Counts bots, known by their user agent, to a group of their own, or drops them.',
  config: botConfig,
  create: (options) => new BotEnricher(options),
});
