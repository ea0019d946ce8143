export { type JsonOptions, jsonConfig } from './config.ts';
export type { PlannedEvent } from './event.ts';
export { jsonCalendar } from './plugin.ts';
