import { duration } from '@auspex/contracts';
import { z } from 'zod';
import { effectFields, effectOf } from '../plan/effect.ts';
import { Rule } from '../plan/rule.ts';
import { checkedLength, type Length, type Planned } from '../plan/series.ts';
import { zoneName } from '../plan/zone-name.ts';
import { DAY, instantOf, isZone, localTime, type Moment, timeZone, UTC } from '../plan/zones.ts';

const TIME = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/i;

interface Time {
  readonly local: number;
  readonly day: boolean;
  /** Undefined: of the event's zone. */
  readonly offset: string | undefined;
}

function timeOf(text: string): Time | undefined {
  const [all, year, month, day, hour, minute, second, offset] = TIME.exec(text.trim()) ?? [];
  if (all === undefined) return undefined;
  const local = localTime(Number(year), Number(month), Number(day), Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0));
  return local === undefined || (offset !== undefined && !isZone(offset.toUpperCase()))
    ? undefined
    : { local, day: hour === undefined, offset };
}

const time = z.string().refine((text) => timeOf(text) !== undefined, {
  error: ({ input }) =>
    `"${String(input).slice(0, 40)}" is no time: write 2026-11-27T18:00, with an offset (Z, +01:00) or without, or a whole day 2026-11-27`,
});

/** An event as people write it. */
export const plannedEvent = z.strictObject({
  id: z.string().min(1).max(200).optional().describe('Unique and lasting. Default: name and start.'),
  name: z.string().min(1).describe('What people call it.'),
  start: time.describe('2026-11-27T18:00 in its zone, 2026-11-27T17:00:00Z, or a whole day, 2026-11-27.'),
  end: time.optional().describe('When it is over, exclusive. Default: start and duration; a whole day ends with itself.'),
  duration: duration()
    .optional()
    .describe('How long it lasts, in place of end. In whole days of a whole day, that is local days. Default: none.'),
  zone: zoneName().optional().describe('Its zone: what stands at 20:00 there stays at 20:00 there. Default: that of the calendar.'),
  every: z
    .string()
    .min(1)
    .optional()
    .describe('When it comes again: an RRULE (RFC 5545), such as FREQ=WEEKLY;BYDAY=FR. Default: it does not.'),
  except: z.array(time).default([]).describe('Starts of repeats that do not take place: times, or days. Default: none.'),
  ...effectFields,
});

export type PlannedEvent = z.output<typeof plannedEvent>;

/**
 * @param zone of events that name none
 * @throws WrongField
 */
export function plannedOf(event: PlannedEvent, zone: string): Planned {
  const own = event.zone ?? zone;
  const start = at('start', () => momentOf(event.start, own));
  return {
    id: event.id ?? `${event.name}/${event.start}`,
    name: event.name,
    effect: effectOf(event),
    start,
    length: lengthOf(event, start, own),
    ...(event.every !== undefined && {
      repeats: { rule: at('every', () => new Rule(event.every as string, start)), more: [], ...exceptions(event.except, own) },
    }),
  };
}

function momentOf(text: string, zone: string): Moment {
  const { local, day, offset } = timeOf(text) as Time;
  const own = timeZone(zone);
  if (offset === undefined) return { local, day, zone: own };
  // Repeats go by the zone; without one of its own, by that of the calendar.
  const instant = (/^z$/i.test(offset) ? UTC : timeZone(offset)).toInstant(local);
  return { local: own.toLocal(instant), day, zone: own, at: instant };
}

function lengthOf({ end, duration: lasts }: PlannedEvent, start: Moment, zone: string): Length {
  if (end !== undefined && lasts !== undefined) throw new WrongField('duration', 'it has an end already');
  if (lasts !== undefined)
    return at('duration', () => checkedLength(start.day && lasts % DAY === 0 ? { days: lasts / DAY, ms: 0 } : { days: 0, ms: lasts }));
  if (end === undefined) {
    if (start.day) return { days: 1, ms: 0 };
    throw new WrongField('end', 'it is missing; give end or duration');
  }
  return at('end', () => {
    const last = momentOf(end, zone);
    return checkedLength(
      start.day && last.day ? { days: (last.local - start.local) / DAY, ms: 0 } : { days: 0, ms: instantOf(last) - instantOf(start) },
    );
  });
}

function exceptions(texts: readonly string[], zone: string): { readonly except: Set<number>; readonly exceptDays: Set<number> } {
  const moments = texts.map((text) => momentOf(text, zone));
  return {
    except: new Set(moments.filter(({ day }) => !day).map(instantOf)),
    exceptDays: new Set(moments.filter(({ day }) => day).map(({ local }) => local / DAY)),
  };
}

/** One field of an event is wrong. */
export class WrongField extends Error {
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

function at<T>(field: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new WrongField(field, (error as Error).message);
  }
}
