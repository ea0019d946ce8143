export { type BotOptions, botConfig } from './config.ts';
export { BotEnricher } from './enricher.ts';
export { botEnricher } from './plugin.ts';
