export { type IcalOptions, type IcalRule, icalConfig } from './config.ts';
export { ical } from './plugin.ts';
