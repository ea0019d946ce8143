import type { Outcome, UsageEvent } from '@auspex/contracts';
import { utf8 } from '../lines/index.ts';
import { outcomeOf, type ParseRecord } from '../records/index.ts';
import { MAPPED, type NdjsonStdinOptions } from './config.ts';
import { timeReader } from './time.ts';

const OUTCOMES: ReadonlySet<string> = new Set<Outcome>(['served', 'throttled', 'failed', 'timed-out']);

/** Reads one value of a record; undefined when it is not there. */
type Read = (record: Record<string, unknown>) => unknown;

/** A property of an event that a record can give. */
type Name = (typeof MAPPED)[number];
type Named = { readonly [name in Name]?: unknown };

/** A parser for which each record is an event or malformed. */
export type ParseEvent = (...at: Parameters<ParseRecord>) => UsageEvent | string;

/** What decides how a record is read. */
export type EventFields = Pick<NdjsonStdinOptions, 'fields' | 'zone' | 'unit'>;

/**
 * A parser of JSON objects, one a line.
 *
 * @throws AuspexError ZONE_UNKNOWN
 */
export function ndjsonParser(options: EventFields): ParseEvent {
  const toEvent = eventReader(options);
  return (text, from, to, ascii) => {
    let record: unknown;
    try {
      record = JSON.parse(ascii ? text.slice(from, to) : utf8(text.slice(from, to)));
    } catch {
      return 'no valid JSON';
    }
    return toEvent(record);
  };
}

/**
 * Makes events of records, however they came: the one place that knows what a record may hold.
 *
 * @returns a function of a record, and of the time to take where the record has none; it gives the event, or why there is none
 * @throws AuspexError ZONE_UNKNOWN; the function throws ZONE_MISSING on a local time when no zone was given
 */
export function eventReader({ fields, zone, unit }: EventFields): (record: unknown, time?: unknown) => UsageEvent | string {
  const read = Object.fromEntries(MAPPED.map((name) => [name, reader(fields[name] ?? name)])) as Record<Name, Read>;
  const isMapped = MAPPED.some((name) => (fields[name] ?? name) !== name);
  const times = timeReader(zone, unit);
  let previous = Number.NEGATIVE_INFINITY;

  return (given, otherwise) => {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return 'no JSON object';
    // What JSON.parse made inherits none of these names: it is read as it is. Anything else is asked for what is its own.
    const record: Named =
      !isMapped && Object.getPrototypeOf(given) === Object.prototype ? given : pick(given as Record<string, unknown>, read);
    const time = record.at ?? otherwise;
    if (typeof time !== 'string' && typeof time !== 'number') return `no time under "${fields.at ?? 'at'}"`;
    const instants = times(time);
    if (typeof instants === 'string') return instants;
    // In a repeated hour a time that would run back is of the second pass.
    const at = typeof instants === 'number' ? instants : previous > instants[0] ? instants[1] : instants[0];

    const attempt = amount(record.attempt, 1);
    const count = amount(record.count, 1);
    const weight = amount(record.weight, 1);
    const bytes = amount(record.bytes, 0);
    if (!(attempt >= 1)) return 'attempt is no number from 1';
    if (!(count >= 0)) return 'count is no number from 0';
    if (!(weight >= 0)) return 'weight is no number from 0';
    if (!(bytes >= 0)) return 'bytes is no number from 0';
    const outcome = outcomeFrom(record.outcome);
    if (outcome === undefined) return 'outcome is neither served, throttled, failed, timed-out nor an HTTP status';
    previous = at;
    // All properties, in the order of the other sources: one hidden class.
    const event = {
      at,
      kind: textOf(record.kind) ?? 'request',
      group: textOf(record.group) ?? '',
      pop: textOf(record.pop) ?? '',
      outcome,
      attempt,
      count,
      weight,
      bytes,
      user: textOf(record.user),
      accessLevel: textOf(record.accessLevel),
      session: textOf(record.session),
      sessionStart: false,
      sessionMs: undefined,
      resource: textOf(record.resource),
      feature: textOf(record.feature),
      country: textOf(record.country),
      ip: textOf(record.ip),
      agent: textOf(record.agent),
    };
    return event as unknown as UsageEvent;
  };
}

/** What a record holds of an event, under the event's own names. */
function pick(record: Record<string, unknown>, read: Readonly<Record<Name, Read>>): Named {
  return {
    at: read.at(record),
    kind: read.kind(record),
    group: read.group(record),
    pop: read.pop(record),
    outcome: read.outcome(record),
    attempt: read.attempt(record),
    count: read.count(record),
    weight: read.weight(record),
    bytes: read.bytes(record),
    user: read.user(record),
    accessLevel: read.accessLevel(record),
    session: read.session(record),
    resource: read.resource(record),
    feature: read.feature(record),
    country: read.country(record),
    ip: read.ip(record),
    agent: read.agent(record),
  };
}

/** A reader of a dotted path. */
export function reader(path: string): Read {
  const keys = path.split('.');
  if (keys.length === 1) return (record) => (Object.hasOwn(record, path) ? record[path] : undefined);
  return (record) => {
    // A key may itself hold dots.
    if (Object.hasOwn(record, path)) return record[path];
    let value: unknown = record;
    for (const key of keys) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
      value = (value as Record<string, unknown>)[key];
    }
    return value;
  };
}

/** A number; NaN when it is none. */
function amount(value: unknown, absent: number): number {
  if (value === undefined || value === null) return absent;
  const number = typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : Number.NaN;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function outcomeFrom(value: unknown): Outcome | undefined {
  if (value === undefined || value === null) return 'served';
  if (typeof value === 'string' && OUTCOMES.has(value)) return value as Outcome;
  const status = amount(value, Number.NaN);
  return status >= 100 && status < 600 ? outcomeOf(status) : undefined;
}
