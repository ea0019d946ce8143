import fc from 'fast-check';
import { expect, test } from 'vitest';
import { duration, formatDuration, parseDuration } from '../src/index.ts';

test.each([
  ['90s', 90_000],
  ['15m', 900_000],
  ['1h30m', 5_400_000],
  ['7d', 604_800_000],
  ['2w', 1_209_600_000],
  ['250ms', 250],
  ['1.5h', 5_400_000],
  ['0s', 0],
])('%s is %i ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '5', '5 m', '-5m', 'm', '5M', '5mm', '1h-30m', '1e3s', 'PT5M', '5m!'])('"%s" is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test('milliseconds as text and back, the shortest way', () => {
  expect(formatDuration(900_000)).toBe('15m');
  expect(formatDuration(90_061_001)).toBe('1d1h1m1s1ms');
  expect(formatDuration(0)).toBe('0s');
  expect(formatDuration(0.5)).toBe('0.5ms');
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
    { seed: 42 },
  );
});

test('the zod type: text with a unit in, milliseconds out; the rest is refused with what to write', () => {
  expect(duration().parse(' 5m ')).toBe(300_000);
  expect(duration().prefault('1h').parse(undefined)).toBe(3_600_000);
  expect(duration().safeParse('5').error?.issues[0]?.message).toBe('"5" is no duration; write a number with a unit: 90s, 15m, 1h30m, 7d');
  expect(duration().safeParse(300_000).success).toBe(false);
  expect(duration().safeParse(10).error?.issues[0]?.message).toBe('10 is no duration; write a number with a unit: 90s, 15m, 1h30m, 7d');
  expect(duration().safeParse({}).error?.issues[0]?.message).toMatch(/^this is no duration/);
});
