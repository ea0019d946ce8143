export { type SeasonalOptions, seasonalConfig } from './config.ts';
export { seasonal } from './plugin.ts';
export type { SeasonalState } from './state.ts';
