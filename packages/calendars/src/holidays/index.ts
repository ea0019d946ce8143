export { type HolidaysOptions, holidaysConfig, type PlaceOptions } from './config.ts';
export { holidays } from './plugin.ts';
