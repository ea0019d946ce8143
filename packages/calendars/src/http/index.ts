export { type HttpCalendarOptions, httpCalendarConfig } from './config.ts';
export { httpCalendar } from './plugin.ts';
