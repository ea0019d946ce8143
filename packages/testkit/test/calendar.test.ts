import { brokenCalendars, rightCalendar } from './broken/calendar.ts';
import { prove } from './proof.ts';

prove('calendar', rightCalendar, brokenCalendars);
