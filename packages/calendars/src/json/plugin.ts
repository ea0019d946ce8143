import { defineCalendar } from '@auspex/contracts';
import { JsonCalendar } from './calendar.ts';
import { jsonConfig } from './config.ts';

/** What is planned, in a file that people edit or a job writes, or in the config itself. */
export const jsonCalendar = defineCalendar({
  id: 'json-calendar',
  summary:
    'Events from JSON files or from the config itself, once or by an RRULE, in local time; a file is read again when it has changed.',
  config: jsonConfig,
  create: (options, context) => new JsonCalendar(options, context),
});
