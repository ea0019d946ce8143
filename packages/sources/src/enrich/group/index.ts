export { type GroupOptions, type GroupRule, groupConfig } from './config.ts';
export { GroupEnricher } from './enricher.ts';
export { groupEnricher } from './plugin.ts';
