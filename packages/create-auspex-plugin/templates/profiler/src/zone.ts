const HOUR = 3_600_000;
const MINUTE = 60_000;

/** Offsets change at whole quarters of an hour, so that one is enough for each. Emptied when it is full. */
const offsets = new Map<string, number>();
const MOST = 10_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Hour of the local week, Monday 00:00 = 0, at an instant (epoch ms), in an IANA zone or a fixed offset such as `+05:30`. */
export function hourOfWeek(zone: string, at: number): number {
  const local = at + offsetOf(zone, at);
  // The first day of the epoch was a Thursday.
  const hours = Math.floor(local / HOUR) + 3 * 24;
  return ((hours % 168) + 168) % 168;
}

/** What is to be added to UTC, milliseconds. */
function offsetOf(zone: string, at: number): number {
  const fixed = /^([+-])(\d\d):(\d\d)$/.exec(zone);
  if (fixed) return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * HOUR + Number(fixed[3]) * MINUTE);
  const quarter = Math.floor(at / (15 * MINUTE));
  const key = `${quarter} ${zone}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const found = localOf(zone, quarter * 15 * MINUTE) - quarter * 15 * MINUTE;
  if (offsets.size >= MOST) offsets.clear();
  offsets.set(key, found);
  return found;
}

/** What a clock in the zone shows, as if it were UTC. */
function localOf(zone: string, at: number): number {
  let format = formats.get(zone);
  if (format === undefined) {
    const parts = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const;
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, calendar: 'gregory', hourCycle: 'h23', ...parts });
    formats.set(zone, format);
  }
  const shown = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const of = (type: Intl.DateTimeFormatPartTypes): number => shown.get(type) ?? 0;
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
}
