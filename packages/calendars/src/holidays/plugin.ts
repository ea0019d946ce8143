import { defineCalendar } from '@auspex/contracts';
import { HolidaysCalendar } from './calendar.ts';
import { holidaysConfig } from './config.ts';

/** The holidays of countries, states and regions. Needs the package `date-holidays`. */
export const holidays = defineCalendar({
  id: 'holidays',
  summary: 'Public holidays of countries, states and regions, as whole days of those places; needs the package date-holidays.',
  config: holidaysConfig,
  create: (options) => new HolidaysCalendar(options),
});
