import type { CalendarSubject } from '@auspex/testkit';
import { testLaws } from '@auspex/testkit';
import { describe, it } from 'vitest';
import { holidays, httpCalendar, ical, jsonCalendar } from '../src/index.ts';
import { file, ics, serve, vevent } from './tools.ts';

/* Every calendar, with each way of getting at it, keeps the laws of its kind. */

const SPAN = [Date.UTC(2026, 2, 1), Date.UTC(2026, 4, 1)] as const;

const ICS = ics(
  vevent('UID:show', 'SUMMARY:Show', 'DTSTART;TZID=Europe/Berlin:20260101T200000', 'DURATION:PT3H', 'RRULE:FREQ=WEEKLY;BYDAY=TH,SU'),
  vevent('UID:show', 'RECURRENCE-ID;TZID=Europe/Berlin:20260326T200000', 'DTSTART;TZID=Europe/Berlin:20260327T210000'),
  vevent('UID:fair', 'SUMMARY:Fair', 'DTSTART;VALUE=DATE:20260325', 'DTEND;VALUE=DATE:20260403', 'X-AUSPEX-IMPACT:0.2'),
  vevent('UID:night', 'SUMMARY:Night', 'DTSTART:20260110T220000Z', 'DTEND:20260111T060000Z', 'RRULE:FREQ=DAILY;INTERVAL=3;COUNT=40'),
);
const PLAN = [
  { id: 'fair', name: 'Fair', start: '2026-03-25', end: '2026-04-03', pops: ['ATL'], ramp: '2h' },
  { name: 'Show', start: '2026-01-01T20:00', duration: '3h', zone: 'Europe/Berlin', every: 'FREQ=WEEKLY;BYDAY=TH,SU', category: 'show' },
  { name: 'Sale', start: '2026-03-31T22:00:00-04:00', end: '2026-04-01T02:00:00-04:00', impact: 0.5 },
];

type Make = () => Promise<CalendarSubject> | CalendarSubject;
const span = SPAN;

const served =
  (plugin: unknown, body: string, options: (url: string) => object): Make =>
  async () => {
    const server = await serve((_, response) => response.end(body));
    return { plugin, with: options(server.url), span, close: () => server.close() } as CalendarSubject;
  };

const SUBJECTS: Readonly<Record<string, Make>> = {
  'ical, a file': () => ({ plugin: ical, with: { files: [file('plan.ics', ICS)], zone: 'America/New_York' }, span }) as CalendarSubject,
  'ical, a feed': served(ical, ICS, (url) => ({ urls: [`${url}/plan.ics`] })),
  'json-calendar, a file': () =>
    ({ plugin: jsonCalendar, with: { files: [file('plan.json', JSON.stringify(PLAN))] }, span }) as CalendarSubject,
  'json-calendar, inline': () => ({ plugin: jsonCalendar, with: { events: PLAN, zone: 'Asia/Kolkata' }, span }) as CalendarSubject,
  'http-calendar, by windows': served(httpCalendar, JSON.stringify({ events: PLAN }), (url) => ({ url, window: '9d' })),
  'http-calendar, whole': served(httpCalendar, JSON.stringify(PLAN), (url) => ({ url, whole: true })),
  holidays: () => ({ plugin: holidays, with: { places: ['DE-BY', 'US', 'SA'], ramp: '1h' }, span }) as CalendarSubject,
};

for (const [name, subject] of Object.entries(SUBJECTS)) describe(name, () => testLaws('calendar', subject, { describe, it }));
