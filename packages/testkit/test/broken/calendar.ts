import { type Calendar, type CalendarEvent, defineCalendar } from '@auspex/contracts';
import type { CalendarSubject } from '@auspex/testkit';
import { z } from 'zod';
import { type Broken, commonlyBroken } from '../proof.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 5);

/** A sale every day from 18:00 to 20:00, and an event that runs for five days. */
const EVENTS: readonly CalendarEvent[] = [
  {
    id: 'trade-fair',
    name: 'Trade fair',
    start: START + DAY,
    end: START + 6 * DAY,
    groups: ['b2b'],
    pops: ['ATL'],
    shape: { rampMs: 60_000, decayMs: 0 },
  },
  ...Array.from({ length: 14 }, (_, day) => {
    const start = START + day * DAY + 18 * HOUR;
    return { id: `sale@${new Date(start).toISOString()}`, name: 'Sale', start, end: start + 2 * HOUR, impact: 0.5 };
  }),
].sort((a, b) => a.start - b.start);

const overlaps = ({ start, end }: CalendarEvent, from: number, to: number): boolean => start < to && end > from;
const right: Calendar = { between: (from, to) => EVENTS.filter((event) => overlaps(event, from, to)) };

const subject = (change: () => Partial<Calendar>) => (): CalendarSubject => ({
  plugin: defineCalendar({
    id: 'tiny',
    summary: 'A test.',
    config: z.strictObject({}),
    create: (): Calendar => ({ ...right, ...change() }),
  }),
  span: [START, START + 14 * DAY],
});

export const rightCalendar = subject(() => ({}));

const broken = (law: string, how: string, change: () => Partial<Calendar>): Broken<CalendarSubject> => ({
  law,
  how,
  make: subject(change),
});

/** Does what the right one does, and changes each event. */
const telling = (change: (event: CalendarEvent) => CalendarEvent) => (): Calendar => ({
  between: (from, to) => EVENTS.map(change).filter((event) => overlaps(event, from, to)),
});

const ENDS = 'an event ends after it starts, has a name, and says nothing that cannot be';
const ID = 'each occurrence has an id of its own';
const EMPTY = 'a span without length or events is no error';
const fair = ({ id }: CalendarEvent): boolean => id === 'trade-fair';

export const brokenCalendars: readonly Broken<CalendarSubject>[] = [
  ...commonlyBroken(rightCalendar),
  broken('it finds the events of its span', 'it knows of none', () => ({ between: () => [] })),
  broken('its events overlap what is asked for', 'an event ends after its end', () => ({
    between: (from, to) => EVENTS.filter((event) => overlaps(event, from - 1, to)),
  })),
  broken('its events are in order of start', 'it returns them by name', () => ({
    between: (from, to) => EVENTS.filter((event) => overlaps(event, from, to)).sort((a, b) => (a.id < b.id ? -1 : 1)),
  })),
  broken(
    ENDS,
    'its impact is no number',
    telling((event) => ({ ...event, impact: Number.NaN })),
  ),
  broken(
    ENDS,
    'its impact is null',
    telling((event) => ({ ...event, impact: null as never })),
  ),
  broken(
    ENDS,
    'its groups are one name',
    telling((event) => ({ ...event, groups: 'b2b' as never })),
  ),
  broken(
    ENDS,
    'its POPs are no names',
    telling((event) => ({ ...event, pops: [1] as never })),
  ),
  broken(
    ENDS,
    'it comes and goes in half a shape',
    telling((event) => ({ ...event, shape: { rampMs: 60_000 } as never })),
  ),
  broken(
    ENDS,
    'it is gone before it goes',
    telling((event) => ({ ...event, shape: { rampMs: 0, decayMs: -1 } })),
  ),
  broken(
    ENDS,
    'it knows no names',
    telling((event) => ({ ...event, name: '' })),
  ),
  broken(
    ENDS,
    'one event has no length',
    telling((event) => (event.start === START + 18 * HOUR ? { ...event, end: event.start } : event)),
  ),
  broken(
    ID,
    'all sales are one',
    telling((event) => (fair(event) ? event : { ...event, id: 'sale' })),
  ),
  broken(
    ID,
    'one has none',
    telling((event) => (fair(event) ? { ...event, id: '' } : event)),
  ),
  broken('a part of a span holds what the whole holds of it', 'what began before is past', () => ({
    between: (from, to) => EVENTS.filter((event) => overlaps(event, from, to) && event.start >= from),
  })),
  broken('a part of a span holds what the whole holds of it', 'it rounds to whole days', () => ({
    between: (from, to) => EVENTS.filter((event) => overlaps(event, from, to) && to - from >= DAY),
  })),
  broken('the same question gets the same answer', 'what was told before is not told again', () => {
    let told = 0;
    return { between: (from, to) => (++told > 5 && to - from === 14 * DAY ? [] : right.between(from, to)) };
  }),
  broken(EMPTY, 'it wants a span with length', () => ({
    between: (from, to) => {
      if (from >= to) throw new RangeError('from must be before to');
      return right.between(from, to);
    },
  })),
  broken(EMPTY, 'it knows nothing so long ago', () => ({
    between: (from, to) => (from === 0 ? (undefined as never) : right.between(from, to)),
  })),
  broken(EMPTY, 'without length it means all', () => ({ between: (from, to) => (from === to ? EVENTS : right.between(from, to)) })),
];
