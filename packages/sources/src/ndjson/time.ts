import { type Instants, TimeReader } from '../records/index.ts';

/** `2026-01-05T08:00:` of a time as `JSON.stringify` writes it: seconds and milliseconds follow. */
const MINUTE = 17;
const [ZERO, NINE, COLON, POINT, Z] = [48, 57, 58, 46, 90] as const;

/**
 * A reader of a record's time, text or number. Events of one minute follow each other: the minute is read once, with everything
 * that a calendar asks for, and then only seconds and milliseconds.
 *
 * @throws AuspexError ZONE_UNKNOWN; the function throws ZONE_MISSING on a local time when no zone was given
 */
export function timeReader(zone: string | undefined, unit: 's' | 'ms' | undefined): (time: string | number) => Instants {
  const times = new TimeReader(zone, unit);
  let minute = '\0';
  let minuteAt = 0;
  return (time) => {
    if (typeof time === 'number') return times.read(String(time), () => '');
    const within = withinMinute(time);
    if (within < 0) return times.read(time, () => '');
    if (time.startsWith(minute)) return minuteAt + within;
    const at = times.read(time, () => '');
    if (typeof at === 'number') {
      minute = time.slice(0, MINUTE);
      minuteAt = at - within;
    }
    return at;
  };
}

/** Milliseconds after the minute of a time that ends `:SSZ` or `:SS.mmmZ`; -1 where it ends otherwise. */
function withinMinute(text: string): number {
  const { length } = text;
  // A space before it would move everything by one.
  if (digits(text, 0, 1) < 0) return -1;
  if ((length !== 20 && length !== 24) || text.charCodeAt(length - 1) !== Z || text.charCodeAt(MINUTE - 1) !== COLON) return -1;
  const seconds = digits(text, MINUTE, 2);
  if (!(seconds >= 0 && seconds < 60)) return -1;
  if (length === 20) return seconds * 1_000;
  const ms = text.charCodeAt(19) === POINT ? digits(text, 20, 3) : -1;
  return ms < 0 ? -1 : seconds * 1_000 + ms;
}

/** The number of `count` digits from `from` on; -1 where there is something else. */
function digits(text: string, from: number, count: number): number {
  let number = 0;
  for (let at = from; at < from + count; at++) {
    const code = text.charCodeAt(at);
    if (!(code >= ZERO && code <= NINE)) return -1;
    number = number * 10 + code - ZERO;
  }
  return number;
}
