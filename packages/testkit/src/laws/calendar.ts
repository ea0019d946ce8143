import type { Calendar, CalendarEvent } from '@auspex/contracts';
import { broken, type Law, laws, must } from '../law.ts';
import type { CalendarSubject } from '../subject.ts';
import { commonLaws } from './common.ts';
import { difference, mustBeAlike } from './support/same.ts';

/** Events that are asked for one by one. */
const MANY = 50;

const at = (time: number): string => (Number.isFinite(time) ? new Date(time).toISOString() : String(time));
const named = ({ id, start, end }: CalendarEvent): string => `"${id}" (${at(start)} to ${at(end)})`;
const overlaps = ({ start, end }: CalendarEvent, from: number, to: number): boolean => start < to && end > from;
const ids = (events: readonly CalendarEvent[]): string[] => events.map((event) => event.id).sort();

const areNames = (names: unknown): boolean =>
  names === undefined || (Array.isArray(names) && names.every((name) => typeof name === 'string'));
const isSpan = (ms: unknown): boolean => typeof ms === 'number' && Number.isFinite(ms) && ms >= 0;

/** All of the subject's span. */
async function whole(calendar: Calendar, { span: [from, to] }: CalendarSubject): Promise<readonly CalendarEvent[]> {
  return calendar.between(from, to);
}

/** Parts of the span that the laws ask for: its halves, its quarters, an hour at its start and one around its middle. */
function parts({ span: [from, to] }: CalendarSubject): readonly (readonly [number, number])[] {
  const quarter = Math.floor((to - from) / 4);
  const middle = from + 2 * quarter;
  return [
    [from, middle],
    [middle, to],
    [from, from + quarter],
    [from + quarter, middle],
    [middle, middle + quarter],
    [middle + quarter, to],
    [from, Math.min(to, from + 3_600_000)],
    [Math.max(from, middle - 1_800_000), Math.min(to, middle + 1_800_000)],
  ];
}

const list: readonly Law<'calendar'>[] = [
  {
    name: 'it finds the events of its span',
    why: 'a calendar that finds nothing looks like a year without events',
    async check(subject, tools) {
      const events = await whole(tools.create(), subject);
      const [from, to] = subject.span;
      must(events.length >= 2, `between ${at(from)} and ${at(to)} it finds ${events.length} events; the subject says at least two`);
    },
  },
  {
    name: 'its events overlap what is asked for',
    why: 'the engine takes each of them for one that runs: last year’s sale would raise the fleet today',
    async check(subject, tools) {
      const calendar = tools.create();
      // The minute before each event and the one after it: `end` is exclusive.
      const edges = (await whole(calendar, subject))
        .slice(0, MANY)
        .flatMap(({ start, end }) => [[start - 60_000, start] as const, [end, end + 60_000] as const]);
      for (const [from, to] of [subject.span, ...parts(subject), ...edges])
        for (const event of await calendar.between(from, to))
          must(overlaps(event, from, to), `${named(event)} does not overlap ${at(from)} to ${at(to)}`);
    },
  },
  {
    name: 'its events are in order of start',
    why: 'who reads them stops at the first that begins too late',
    async check(subject, tools) {
      let last: CalendarEvent | undefined;
      for (const event of await whole(tools.create(), subject)) {
        if (last && event.start < last.start) broken(`${named(event)} comes after ${named(last)}`);
        last = event;
      }
    },
  },
  {
    name: 'an event ends after it starts, has a name, and says nothing that cannot be',
    why: 'an event of no length never runs; an impact that is no number makes every surge score none, and what is left to be learnt is left out',
    async check(subject, tools) {
      for (const event of await whole(tools.create(), subject)) {
        const times = Number.isFinite(event.start) && Number.isFinite(event.end);
        must(times, `"${event.id}" is from ${event.start} to ${event.end}: no epoch milliseconds`);
        must(event.end > event.start, () => `${named(event)} ends before it has begun`);
        must(typeof event.name === 'string' && event.name !== '', () => `${named(event)} has no name`);
        const { impact, groups, pops, shape } = event;
        must(impact === undefined || Number.isFinite(impact), () => `the impact of ${named(event)} is ${impact}`);
        must(areNames(groups), () => `the groups of ${named(event)} are ${JSON.stringify(groups)}, no list of names`);
        must(areNames(pops), () => `the POPs of ${named(event)} are ${JSON.stringify(pops)}, no list of names`);
        const spans = shape === undefined || (isSpan(shape?.rampMs) && isSpan(shape?.decayMs));
        must(spans, () => `the shape of ${named(event)} is ${JSON.stringify(shape)}: give milliseconds, not negative, for both`);
      }
    },
  },
  {
    name: 'each occurrence has an id of its own',
    why: 'an event that comes weekly is told apart by it: two of one id are one surge, and one alert',
    async check(subject, tools) {
      const seen = new Map<string, CalendarEvent>();
      for (const event of await whole(tools.create(), subject)) {
        must(typeof event.id === 'string' && event.id !== '', `an event at ${at(event.start)} has no id`);
        const other = seen.get(event.id);
        if (other) broken(`${named(event)} and ${named(other)} have one id`);
        seen.set(event.id, event);
      }
    },
  },
  {
    name: 'a part of a span holds what the whole holds of it',
    why: 'the engine asks step by step, in windows that cut events in two',
    async check(subject, tools) {
      const calendar = tools.create();
      const all = await whole(calendar, subject);
      const each = all.slice(0, MANY).map(({ start, end }) => [Math.max(start, subject.span[0]), Math.min(end, subject.span[1])] as const);
      // The last minute of each event, too: one that runs already is easily taken for past.
      const late = each.map(([from, to]) => [Math.max(from, to - 60_000), to] as const);
      for (const [from, to] of [...parts(subject), ...each, ...late]) {
        const found = ids((await calendar.between(from, to)).filter((event) => overlaps(event, from, to)));
        const expected = ids(all.filter((event) => overlaps(event, from, to)));
        const seen = (): string => `between ${at(from)} and ${at(to)} there are [${found}]; the whole span says [${expected}]`;
        must(difference(found, expected) === undefined, seen);
      }
    },
  },
  {
    name: 'the same question gets the same answer',
    why: 'a plan that comes and goes makes head-room that comes and goes',
    async check(subject, tools) {
      const calendar = tools.create();
      const first = structuredClone([...(await whole(calendar, subject))]);
      for (const [from, to] of parts(subject)) await calendar.between(from, to);
      const again = await whole(calendar, subject);
      mustBeAlike(first, [...again], `asked again it says [${ids(again)}] where it said [${ids(first)}]`);
    },
  },
  {
    name: 'a span without length or events is no error',
    why: 'most steps have no event; a calendar that throws is reported with every one of them',
    async check(subject, tools) {
      const calendar = tools.create();
      const [start, end] = subject.span;
      const spans = [
        [start, start],
        [end, end],
        [0, 3_600_000],
        [Date.UTC(2100, 0), Date.UTC(2100, 0, 1, 1)],
      ] as const;
      for (const [from, to] of spans) {
        let events: readonly CalendarEvent[] = [];
        try {
          events = await calendar.between(from, to);
        } catch (error) {
          broken(`between ${at(from)} and ${at(to)} it throws: ${(error as Error).message}`);
        }
        must(Array.isArray(events), `between ${at(from)} and ${at(to)} it returns ${typeof events}, no list`);
        // Of an instant: what runs at it, or nothing.
        const wrong = events.find((event) => !overlaps(event, from, Math.max(to, from + 1)));
        must(wrong === undefined, () => `${named(wrong as CalendarEvent)} is no event of ${at(from)} to ${at(to)}`);
      }
    },
  },
];

/** What every calendar does. */
export const calendarLaws = laws('calendar', [
  ...commonLaws<'calendar'>((calendar: Calendar, subject: CalendarSubject) => whole(calendar, subject)),
  ...list,
]);
