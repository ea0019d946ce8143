import type { Outcome, UsageEvent } from '@auspex/contracts';
import { utf8 } from '../lines/index.ts';
import { outcomeOf, type ParseRecord, TimeReader } from '../records/index.ts';
import { MAPPED, type NdjsonStdinOptions } from './config.ts';

const OUTCOMES: ReadonlySet<string> = new Set<Outcome>(['served', 'throttled', 'failed', 'timed-out']);

/** Reads one value of a record; undefined when it is not there. */
type Read = (record: Record<string, unknown>) => unknown;

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
  const read = Object.fromEntries(MAPPED.map((name) => [name, reader(fields[name] ?? name)])) as Record<(typeof MAPPED)[number], Read>;
  const times = new TimeReader(zone, unit);
  let previous = Number.NEGATIVE_INFINITY;

  return (given, otherwise) => {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return 'no JSON object';
    const record = given as Record<string, unknown>;
    const time = read.at(record) ?? otherwise;
    if (typeof time !== 'string' && typeof time !== 'number') return `no time under "${fields.at ?? 'at'}"`;
    const instants = times.read(String(time), () => '');
    if (typeof instants === 'string') return instants;
    // In a repeated hour a time that would run back is of the second pass.
    const at = typeof instants === 'number' ? instants : previous > instants[0] ? instants[1] : instants[0];

    const attempt = amount(read.attempt(record), 1);
    const count = amount(read.count(record), 1);
    const weight = amount(read.weight(record), 1);
    const bytes = amount(read.bytes(record), 0);
    if (!(attempt >= 1)) return 'attempt is no number from 1';
    if (!(count >= 0)) return 'count is no number from 0';
    if (!(weight >= 0)) return 'weight is no number from 0';
    if (!(bytes >= 0)) return 'bytes is no number from 0';
    const outcome = outcomeFrom(read.outcome(record));
    if (outcome === undefined) return 'outcome is neither served, throttled, failed, timed-out nor an HTTP status';
    previous = at;
    // All properties, in the order of the other sources: one hidden class.
    const event = {
      at,
      kind: textOf(read.kind(record)) ?? 'request',
      group: textOf(read.group(record)) ?? '',
      pop: textOf(read.pop(record)) ?? '',
      outcome,
      attempt,
      count,
      weight,
      bytes,
      user: textOf(read.user(record)),
      accessLevel: textOf(read.accessLevel(record)),
      session: textOf(read.session(record)),
      sessionStart: false,
      sessionMs: undefined,
      resource: textOf(read.resource(record)),
      feature: textOf(read.feature(record)),
      country: textOf(read.country(record)),
      ip: textOf(read.ip(record)),
      agent: textOf(read.agent(record)),
    };
    return event as unknown as UsageEvent;
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
