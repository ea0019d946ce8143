import { prove } from './broken/actuate.ts';
import { brokenCalendars, rightCalendar } from './broken/calendar.ts';

prove('calendar', rightCalendar, brokenCalendars);
