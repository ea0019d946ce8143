import type { Complaints } from '../plan/complaints.ts';
import { Rule } from '../plan/rule.ts';
import { checkedLength, type Length, occurrenceId, type Planned, type Repeats } from '../plan/series.ts';
import { DAY, instantOf, isZone, type Moment, timeZone, UTC } from '../plan/zones.ts';
import { dateTime, isoLength, type Properties, type Property, propertiesOf, textOf } from './properties.ts';
import type { Rules } from './rules.ts';
import { split } from './split.ts';
import { Zones } from './zones.ts';

/** A VEVENT, as far as it can be understood by itself. */
interface Entry {
  readonly uid: string;
  readonly where: string;
  readonly sequence: number;
  readonly cancelled: boolean;
  /** The start that this one takes the place of. */
  readonly instead: Moment | undefined;
  readonly properties: Properties;
  readonly start: Moment;
}
type Change = Entry & { readonly instead: Moment };

/** What of a calendar's text is planned. */
export interface Reading {
  readonly planned: readonly Planned[];
  /** Events that the text holds, those that are cancelled or left out included. */
  readonly events: number;
}

/**
 * @param zone of whole days and of times without one; undefined = what the calendar says, else UTC
 * @throws AuspexError for what is no calendar as a whole
 */
export function readCalendar(text: string, path: string, zone: string | undefined, rules: Rules, complaints: Complaints): Reading {
  const { zones: blocks, events, zone: named } = split(text, path);
  const own = zone ?? (named !== undefined && isZone(named) ? named : undefined);
  const where = (line: number): string => `${path}:${line}`;
  const zones = new Zones(blocks, own === undefined ? UTC : timeZone(own), where, complaints);
  const entries: Entry[] = [];
  for (const { text: block, line } of events) {
    try {
      entries.push(entryOf(propertiesOf(block), where(line), zones));
    } catch (error) {
      complaints.bad(where(line), (error as Error).message);
    }
  }
  const planned: Planned[] = [];
  for (const group of grouped(entries, ({ uid }) => uid).values()) planned.push(...plannedOf(group, zones, rules, complaints));
  complaints.check(entries.length, path);
  return { planned, events: events.length };
}

function entryOf(properties: Properties, where: string, zones: Zones): Entry {
  const first = properties.get('dtstart')?.[0];
  if (!first) throw new Error('it has no DTSTART');
  const start = momentOf(first, 'DTSTART', zones);
  const instead = properties.get('recurrence-id')?.[0];
  return {
    // Without one it is told apart by what it is.
    uid: textOf(properties, 'uid') ?? `${textOf(properties, 'summary') ?? 'event'}/${new Date(instantOf(start)).toISOString()}`,
    where,
    sequence: Number(textOf(properties, 'sequence') ?? 0) || 0,
    cancelled: textOf(properties, 'status')?.toUpperCase() === 'CANCELLED',
    instead: instead && momentOf(instead, 'RECURRENCE-ID', zones),
    properties,
    start,
  };
}

/** All that is of one UID: the event, and those of its occurrences that were moved or cancelled. */
function plannedOf(entries: readonly Entry[], zones: Zones, rules: Rules, complaints: Complaints): Planned[] {
  const main = newest(entries.filter(({ instead }) => instead === undefined));
  if (main?.cancelled) return [];
  const changes = entries.filter((entry): entry is Change => entry.instead !== undefined);
  const made: Planned[] = [];
  const except = new Set<number>();
  const exceptDays = new Set<number>();
  for (const [at, versions] of grouped(changes, ({ instead }) => instantOf(instead))) {
    const entry = newest(versions) as Change;
    attempt(entry, complaints, () => {
      const id = occurrenceId(entry.uid, at, main?.start ?? entry.instead);
      const one = entry.cancelled ? undefined : single(entry, id, main, zones, rules);
      if (one) made.push(one);
      // Only now: the place of one that cannot be read is kept by the occurrence as it was. Of a timed event it may name the day alone.
      if (entry.instead.day && main && !main.start.day) exceptDays.add(entry.instead.local / DAY);
      else except.add(at);
    });
    if (entry.properties.get('recurrence-id')?.[0]?.params['range'] !== undefined) {
      complaints.bad(entry.where, 'RECURRENCE-ID with RANGE is not understood: the change is taken for that one occurrence');
    }
  }
  if (!main) return made;
  attempt(main, complaints, () => {
    const one = single(main, main.uid, undefined, zones, rules);
    const repeats = repeatsOf(main, zones, except, exceptDays);
    if (one) made.push(repeats ? { ...one, repeats } : one);
  });
  return made;
}

function attempt({ where, uid }: Entry, complaints: Complaints, make: () => void): void {
  try {
    make();
  } catch (error) {
    complaints.bad(where, `${(error as Error).message} (UID ${uid.slice(0, 80)})`);
  }
}

/** Of several versions the one with the highest SEQUENCE, of equal ones the last. */
function newest<E extends Entry>(entries: readonly E[]): E | undefined {
  return entries.reduce<E | undefined>((best, entry) => (best && best.sequence > entry.sequence ? best : entry), undefined);
}

/** What an occurrence that was changed has from what it is one of, where it does not say it itself. */
const INHERITED = ['summary', 'categories', ...['groups', 'pops', 'impact', 'ramp', 'decay'].map((name) => `x-auspex-${name}`)];

/** @param main what the occurrence is one of */
function single({ properties, start }: Entry, id: string, main: Entry | undefined, zones: Zones, rules: Rules): Planned | undefined {
  const inherited = [...(main?.properties ?? [])].filter(([name]) => INHERITED.includes(name));
  const all: Properties = new Map([...inherited, ...properties]);
  const name = textOf(all, 'summary') ?? 'event';
  const effect = rules.effect(name, all);
  const length = lengthOf(properties, start, zones) ??
    (main && lengthOf(main.properties, main.start, zones)) ?? { days: start.day ? 1 : 0, ms: 0 };
  return effect && { id, name, effect, start, length: checkedLength(length) };
}

/** Undefined: it does not say. */
function lengthOf(properties: Properties, start: Moment, zones: Zones): Length | undefined {
  const end = properties.get('dtend')?.[0];
  const lasts = properties.get('duration')?.[0];
  if (end) return between(start, momentOf(end, 'DTEND', zones));
  return lasts && isoLength(lasts.values[0], 'DURATION');
}

function between(start: Moment, end: Moment): Length {
  if (!start.day) return { days: 0, ms: instantOf(end) - instantOf(start) };
  const days = Math.floor((end.local - start.local) / DAY);
  // Whole days that end on the day on which they begin: such are written, and one day is meant.
  return { days: days === 0 ? 1 : days, ms: 0 };
}

function momentOf({ values, params }: Property, name: string, zones: Zones): Moment {
  const { local, day, utc } = dateTime(values[0], name);
  return { local, day, zone: zones.of(params['tzid'] === undefined ? undefined : String(params['tzid']), utc) };
}

/** When it comes again; undefined = it does not. @param except taken out already */
function repeatsOf({ properties, start }: Entry, zones: Zones, except: Set<number>, exceptDays: Set<number>): Repeats | undefined {
  const rules = properties.get('x-auspex-rrule') ?? [];
  const more = properties.get('rdate') ?? [];
  if (rules.length + more.length === 0) return undefined;
  if (rules.length > 1) throw new Error('it has more than one RRULE: write an event for each');
  for (const { values, params } of properties.get('exdate') ?? []) {
    for (const value of values) {
      const moment = momentOf({ values: [value], params }, 'EXDATE', zones);
      if (moment.day || start.day) exceptDays.add(Math.floor(moment.local / DAY));
      else except.add(instantOf(moment));
    }
  }
  const [rule] = rules;
  return {
    ...(rule && { rule: new Rule(String(rule.values[0]), start) }),
    more: more.flatMap(({ values, params }) => values.map((value) => furtherOf(value, params, start, zones))),
    except,
    exceptDays,
  };
}

/** A date, a time, or a time with an end or a length of its own. */
function furtherOf(value: Property['values'][number], params: Property['params'], start: Moment, zones: Zones): Repeats['more'][number] {
  if (!Array.isArray(value)) {
    const moment = momentOf({ values: [value], params }, 'RDATE', zones);
    // A day for one more of a timed event: at its own time.
    return {
      at: instantOf(moment.day && !start.day ? { local: moment.local + (start.local % DAY), zone: start.zone, day: false } : moment),
    };
  }
  const [from, to] = value as readonly string[];
  const moment = momentOf({ values: [from ?? ''], params }, 'RDATE', zones);
  const length = to?.startsWith('P') ? isoLength(to, 'RDATE') : between(moment, momentOf({ values: [to ?? ''], params }, 'RDATE', zones));
  return { at: instantOf(moment), length: checkedLength(length) };
}

function grouped<T, K>(all: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group) group.push(one);
    else groups.set(keyOf(one), [one]);
  }
  return groups;
}
