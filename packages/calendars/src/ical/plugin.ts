import { defineCalendar } from '@auspex/contracts';
import { IcalCalendar } from './calendar.ts';
import { icalConfig } from './config.ts';

/** What stands in calendars that people keep anyway: iCalendar files, and feeds of Google, Outlook, Nextcloud and others. */
export const ical = defineCalendar({
  id: 'ical',
  summary: 'iCalendar files and feeds (RFC 5545) with repeats, exceptions and zones; rules say whom an event concerns and what it does.',
  config: icalConfig,
  create: (options, context) => new IcalCalendar(options, context),
});
