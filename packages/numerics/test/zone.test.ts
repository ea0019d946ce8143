import { expect, test } from 'vitest';
import { Zone, zone } from '../src/index.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

test.each([
  ['UTC', 0],
  ['Z', 0],
  ['+05:30', 330],
  ['-0400', -240],
  ['+14:00', 840],
])('%s is fixed', (id, minutes) => {
  for (const at of [0, Date.UTC(2025, 6, 1), -1e12]) expect(new Zone(id).offset(at)).toBe(minutes * MINUTE);
});

test('offsets out of range and unknown zones are refused', () => {
  expect(() => new Zone('+19:00')).toThrow(RangeError);
  expect(() => new Zone('Mars/Olympus')).toThrow(RangeError);
  expect(() => zone('')).toThrow(RangeError);
});

test('one table a zone', () => {
  expect(zone('Europe/Berlin')).toBe(zone('Europe/Berlin'));
});

const spring = Date.UTC(2025, 2, 30, 1);
const autumn = Date.UTC(2025, 9, 26, 1);

test('IANA: both clock changes, to the millisecond, in any order of asking', () => {
  const berlin = new Zone('Europe/Berlin');
  for (const [at, hours] of [
    [autumn, 1],
    [spring - 1, 1],
    [spring, 2],
    [autumn - 1, 2],
    [Date.UTC(2025, 0, 1), 1],
    [spring, 2],
  ] as const) {
    expect(berlin.offset(at)).toBe(hours * HOUR);
  }
});

test.each(['Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Africa/Casablanca'])(
  '%s agrees with the platform, years far apart',
  (id) => {
    const subject = new Zone(id);
    const format = new Intl.DateTimeFormat('en-CA', {
      timeZone: id,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
    for (const year of [2025, 1975, 2030, 1996, 2012]) {
      for (let at = Date.UTC(year, 0, 1); at < Date.UTC(year + 1, 0, 1); at += 13.5 * DAY + 7 * MINUTE) {
        const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)])) as Record<string, number>;
        const local = Date.UTC(part['year'] as number, (part['month'] as number) - 1, part['day'], part['hour'], part['minute']);
        expect(subject.toLocal(at)).toBe(local);
      }
    }
  },
);

test('from local: one instant, none in the missing hour, two in the repeated one', () => {
  const berlin = new Zone('Europe/Berlin');
  expect(berlin.fromLocal(Date.UTC(2025, 0, 15, 12))).toEqual([Date.UTC(2025, 0, 15, 11)]);
  expect(berlin.fromLocal(Date.UTC(2025, 2, 30, 2, 30))).toEqual([]);
  expect(berlin.fromLocal(Date.UTC(2025, 9, 26, 2, 30))).toEqual([autumn - 30 * MINUTE, autumn + 30 * MINUTE]);
  expect(berlin.fromLocal(Date.UTC(2025, 9, 26, 3))).toEqual([autumn + HOUR]);
  expect(new Zone('-04:00').fromLocal(0)).toEqual([4 * HOUR]);
});

test('skipped: the clock change that leaves a local time out, and by how much', () => {
  const berlin = new Zone('Europe/Berlin');
  for (const minute of [0, 1, 59]) expect(berlin.skipped(Date.UTC(2025, 2, 30, 2, minute))).toEqual({ at: spring, ms: HOUR });
  for (const local of [Date.UTC(2025, 2, 30, 1, 59), Date.UTC(2025, 2, 30, 3), Date.UTC(2025, 9, 26, 2, 30)])
    expect(berlin.skipped(local)).toBeUndefined();
  expect(new Zone('Australia/Lord_Howe').skipped(Date.UTC(2025, 9, 5, 2, 10))).toEqual({
    at: Date.UTC(2025, 9, 4, 15, 30),
    ms: 30 * MINUTE,
  });
  // Samoa left out a whole day.
  expect(new Zone('Pacific/Apia').skipped(Date.UTC(2011, 11, 30, 20))).toEqual({ at: Date.UTC(2011, 11, 30, 10), ms: DAY });
  expect(new Zone('-04:00').skipped(0)).toBeUndefined();
});

test('from local undoes to local', () => {
  const berlin = new Zone('Europe/Berlin');
  for (let at = autumn - 3 * DAY; at < autumn + 3 * DAY; at += 17 * MINUTE) expect(berlin.fromLocal(berlin.toLocal(at))).toContain(at);
});

test('week offset: Monday midnight is 0, also before 1970', () => {
  expect(new Zone('UTC').weekOffset(Date.UTC(2025, 0, 6))).toBe(0);
  expect(new Zone('UTC').weekOffset(Date.UTC(2025, 0, 6) - 1)).toBe(7 * DAY - 1);
  expect(new Zone('UTC').weekOffset(Date.UTC(1969, 11, 29))).toBe(0);
  expect(new Zone('+05:30').weekOffset(Date.UTC(2025, 0, 5, 18, 30))).toBe(0);
  // Sunday 03:00 after the change, whatever the hour was lost or doubled before.
  expect(new Zone('Europe/Berlin').weekOffset(spring)).toBe(6 * DAY + 3 * HOUR);
  expect(new Zone('Europe/Berlin').weekOffset(autumn + HOUR)).toBe(6 * DAY + 3 * HOUR);
});
