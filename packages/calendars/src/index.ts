export { type HolidaysOptions, holidaysConfig, type PlaceOptions } from './holidays/config.ts';
export { holidays } from './holidays/plugin.ts';
export { type HttpCalendarOptions, httpCalendarConfig } from './http/config.ts';
export { httpCalendar } from './http/plugin.ts';
export { type IcalOptions, type IcalRule, icalConfig } from './ical/config.ts';
export { ical } from './ical/plugin.ts';
export { type JsonOptions, jsonConfig } from './json/config.ts';
export type { PlannedEvent } from './json/event.ts';
export { jsonCalendar } from './json/plugin.ts';
