import { SeededRandom } from '@auspex/numerics';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { busyRate, DAY, errors, HOUR, live, MINUTE, MONDAY, profiler, step, WEEK } from './world.ts';

const subject = profiler();
const begin = (zone = 'UTC', stepMs = MINUTE) => subject.begin({ id: 'g', zone, stepMs });

test('whatever comes, what is expected is finite and not negative', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(10_000, MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE, HOUR),
      fc.array(fc.constantFrom(0, 0, 0.001, 1, 50, 1e9), { minLength: 1, maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 }),
      (stepMs, rates, jumps) => {
        let state = begin('Europe/Berlin', stepMs);
        let at = MONDAY;
        for (let i = 0; i < 800; i++) {
          at += (i % 50 === 49 ? (jumps[i % jumps.length] as number) : 1) * stepMs;
          state = subject.fold(state, step(at, rates[i % rates.length] as number));
        }
        for (let ahead = 0; ahead < WEEK; ahead += 5 * HOUR) {
          const expected = subject.expected(state, at + ahead) as number;
          expect(Number.isFinite(expected)).toBe(true);
          expect(expected).toBeGreaterThanOrEqual(0);
        }
      },
    ),
    { seed: 42, numRuns: 100 },
  );
});

test('nothing is expected before an hour was seen', () => {
  let state = begin();
  for (let i = 0; i < 59; i++) state = subject.fold(state, step(MONDAY + i * MINUTE, 60));
  expect(subject.expected(state, MONDAY + HOUR)).toBeUndefined();
  state = subject.fold(state, step(MONDAY + HOUR - MINUTE, 60));
  expect(subject.expected(state, MONDAY + HOUR)).toBeCloseTo(1, 1);
});

test('with steps of an hour nothing is expected before eight of them', () => {
  let state = begin('UTC', HOUR);
  for (let i = 0; i < 7; i++) state = subject.fold(state, step(MONDAY + i * HOUR, 60));
  expect(subject.expected(state, MONDAY + 7 * HOUR)).toBeUndefined();
  expect(subject.expected(subject.fold(state, step(MONDAY + 7 * HOUR, 60)), MONDAY + 8 * HOUR)).toBeGreaterThan(0);
});

test.each([1, 2, 3])('a busy group: within 10 % of a daily and weekly world after four weeks, seed %i', (seed) => {
  const state = live(subject, begin(), { from: MONDAY, to: MONDAY + 4 * WEEK }, new SeededRandom(seed), busyRate);
  const { largest, average } = errors(subject, state, MONDAY + 4 * WEEK, MONDAY + 5 * WEEK, busyRate);
  expect(largest).toBeLessThan(0.1);
  expect(average).toBeLessThan(0.03);
});

test.each([0.5, 0.2])('a quiet group of %f requests a minute: unbiased', (base) => {
  const mean = (at: number) => busyRate(at, 'UTC', base);
  const biases = [1, 2].map((seed) => {
    const state = live(subject, begin(), { from: MONDAY, to: MONDAY + 4 * WEEK }, new SeededRandom(seed), mean);
    return errors(subject, state, MONDAY + 4 * WEEK, MONDAY + 5 * WEEK, mean).bias;
  });
  expect(Math.abs(biases.reduce((sum, bias) => sum + bias, 0) / biases.length)).toBeLessThan(0.1);
});

test('noise that is skewed leaves the mean: lognormal with sigma 0.5', () => {
  const random = new SeededRandom(5);
  let state = begin();
  for (let at = MONDAY; at < MONDAY + 4 * WEEK; at += MINUTE) {
    state = subject.fold(state, step(at, Math.round(busyRate(at) * Math.exp(0.5 * random.normal() - 0.125))));
  }
  expect(Math.abs(errors(subject, state, MONDAY + 4 * WEEK, MONDAY + 5 * WEEK, busyRate).bias)).toBeLessThan(0.1);
});

test.each([
  [MINUTE, 600],
  [15 * MINUTE, 600],
  [MINUTE, 6],
])('one hour of twenty times as much moves the same hour of next week by less than a tenth: steps of %i ms, base %i', (stepMs, base) => {
  const random = new SeededRandom(7);
  const mean = (at: number) => (busyRate(at, 'UTC', base) * stepMs) / MINUTE;
  const burst = MONDAY + 4 * WEEK + DAY + 10 * HOUR;
  const before = live(subject, begin('UTC', stepMs), { from: MONDAY, to: burst, stepMs }, random, mean);
  const twin = subject.decode(subject.encode(before));
  const seen = (state: typeof before, factor: number) => {
    const later = live(subject, state, { from: burst, to: burst + HOUR, stepMs }, new SeededRandom(8), (at) => factor * mean(at));
    return live(subject, later, { from: burst + HOUR, to: burst + WEEK, stepMs }, new SeededRandom(9), mean);
  };
  const quiet = seen(twin, 1);
  const shaken = seen(before, 20);
  for (let at = burst + WEEK; at < burst + WEEK + HOUR; at += 15 * MINUTE) {
    const ratio = (subject.expected(shaken, at) as number) / (subject.expected(quiet, at) as number);
    expect(Math.abs(ratio - 1)).toBeLessThan(0.1);
  }
});

test.each([0.4, 2.5])('a level that shifts by %f for good is followed within a week', (factor) => {
  const shift = MONDAY + 4 * WEEK;
  const mean = (at: number) => (at < shift ? 1 : factor) * busyRate(at);
  const state = live(subject, begin(), { from: MONDAY, to: shift + WEEK }, new SeededRandom(11), mean);
  expect(Math.abs(errors(subject, state, shift + WEEK, shift + WEEK + DAY, mean).bias)).toBeLessThan(0.1);
});

test('a shape that changes for good is learnt within four weeks', () => {
  const change = MONDAY + 4 * WEEK;
  const mean = (at: number) => busyRate(at < change ? at : at + 6 * HOUR);
  const state = live(subject, begin(), { from: MONDAY, to: change + 4 * WEEK }, new SeededRandom(12), mean);
  expect(errors(subject, state, change + 4 * WEEK, change + 5 * WEEK, mean).average).toBeLessThan(0.1);
});

test.each([
  ['night', DAY],
  ['week', WEEK],
])('a batch of ten times as much that comes anew every %s is expected after its fourth time', (_name, every) => {
  const start = MONDAY + 4 * WEEK + 2 * DAY + 2 * HOUR;
  const mean = (at: number) => busyRate(at) * (at >= start && (at - start) % every < HOUR ? 10 : 1);
  const state = live(subject, begin(), { from: MONDAY, to: start + 4 * every }, new SeededRandom(15), mean);
  expect((subject.expected(state, start + 4 * every) as number) * 60).toBeGreaterThan(2 * busyRate(start + 4 * every));
});

test.each(['censored', 'masked', 'missing'] as const)('a %s step changes nothing in the shape', (truth) => {
  const state = live(subject, begin(), { from: MONDAY, to: MONDAY + DAY }, new SeededRandom(13), busyRate);
  const before = structuredClone(state.shape);
  subject.fold(state, step(MONDAY + DAY, 90_000, truth));
  expect(state.shape).toEqual(before);
  expect(state.lastStep).toBe(MONDAY + DAY);
});

test.each([
  ['March', Date.UTC(2025, 2, 24), Date.UTC(2025, 2, 30, 1)],
  ['October', Date.UTC(2025, 9, 20), Date.UTC(2025, 9, 26, 1)],
] as const)('clock change in %s, Europe/Berlin: no hour is lost and none doubled', (_name, monday, change) => {
  const zone = 'Europe/Berlin';
  const mean = (at: number) => busyRate(at, zone);
  const from = monday - 3 * WEEK - DAY;
  const state = live(subject, begin(zone), { from, to: change + DAY }, new SeededRandom(14), mean);
  expect(state.shape.seen).toBe((change + DAY - from) / MINUTE);
  // The habit is one of the local clock: the day after is as well known as the day before.
  expect(errors(subject, state, change + DAY, change + 2 * DAY, mean).largest).toBeLessThan(0.15);
});

test('in the week of a clock change each local hour takes its own steps: none in March, two in October, else one', () => {
  for (const [change, expected] of [
    [Date.UTC(2025, 2, 30, 1), 0],
    [Date.UTC(2025, 9, 26, 1), 8],
  ] as const) {
    let state = subject.begin({ id: 'g', zone: 'Europe/Berlin', stepMs: 15 * MINUTE });
    for (let at = change - 25 * HOUR; at <= change + 12 * HOUR; at += 15 * MINUTE) state = subject.fold(state, step(at, 10));
    const sunday = 6 * 24;
    expect(state.shape.weeklySeen[sunday + 2]).toBe(expected);
    expect(state.shape.weeklySeen[sunday + 1]).toBe(4);
    expect(state.shape.weeklySeen[sunday + 3]).toBe(4);
    expect(state.shape.weeklySeen.reduce((sum, seen) => sum + seen, 0)).toBe(37 * 4 - 8);
  }
});
