export { type PagerdutyOptions, pagerdutyConfig } from './config.ts';
export { pagerduty } from './plugin.ts';
