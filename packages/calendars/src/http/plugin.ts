import { defineCalendar } from '@auspex/contracts';
import { HttpCalendar } from './calendar.ts';
import { httpCalendarConfig } from './config.ts';

/** What an API of yours plans: campaigns, releases, broadcasts. */
export const httpCalendar = defineCalendar({
  id: 'http-calendar',
  summary:
    'Events as JSON from an API, asked for a window of time at once; unchanged answers are not sent again, the last good one stands.',
  config: httpCalendarConfig,
  create: (options, context) => new HttpCalendar(options, context),
});
