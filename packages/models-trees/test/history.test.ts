import { SeededRandom } from '@auspex/numerics';
import { expect, it } from 'vitest';
import { INPUTS, originInputs, targetInputs } from '../src/features.ts';
import {
  addStep,
  beginHistory,
  boundAt,
  type History,
  historyMost,
  keptRates,
  lastKnown,
  meanOf,
  rateAt,
  restoreRates,
} from '../src/history.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 5);
const WEEK = 7 * 1_440;

it('means of any window are those of its known steps, over gaps and longer than a week', () => {
  const random = new SeededRandom('means');
  const history = beginHistory(MINUTE);
  const known: (number | undefined)[] = [];
  for (let i = 0; i < 2 * WEEK; i++) {
    const gap = i % 97 === 0 || (i > 3_000 && i < 3_050);
    // Some steps are left out, others come as missing: both are unknown.
    known[i] = gap ? undefined : Math.fround(100 * random.next());
    if (i > 3_000 && i < 3_050) continue;
    addStep(history, { step: START + i * MINUTE, value: known[i] ?? 0, truth: gap ? 'missing' : 'observed' });
  }
  const last = history.last;
  const number = (i: number): number => last - (2 * WEEK - 1) + i;
  for (let trial = 0; trial < 300; trial++) {
    const to = WEEK + random.below(WEEK);
    const from = Math.max(2 * WEEK - WEEK - 30, to - random.below(400));
    const values = known.slice(from, to + 1).filter((value) => value !== undefined);
    const mean = meanOf(history, number(from), number(to));
    if (values.length === 0) expect(mean).toBeNaN();
    else expect(mean).toBeCloseTo(values.reduce((a, b) => a + b, 0) / values.length, 6);
  }
  expect(rateAt(history, number(0))).toBeNaN();
});

it('has room for what was seen, and a week of it at most', () => {
  const history = beginHistory(MINUTE);
  const add = (i: number): boolean => addStep(history, { step: START + i * MINUTE, value: i, truth: 'observed' });
  expect(history.rates.length).toBeLessThan(200);
  for (let i = 0; i < 1_000; i++) add(i);
  expect(history.rates.length).toBeLessThan(2_100);
  expect([0, 1, 500, 999].map((back) => rateAt(history, history.last - back))).toEqual([999, 998, 499, 0]);
  expect(meanOf(history, history.last - 999, history.last)).toBe(499.5);
  // Nothing is known of what was before the first.
  expect(rateAt(history, history.last - 1_000)).toBeNaN();
  expect(meanOf(history, history.last - 1_500, history.last - 998)).toBe(0.5);
  for (let i = 1_000; i < 3 * WEEK; i++) add(i);
  expect(history.rates).toHaveLength(historyMost(MINUTE));
  expect(rateAt(history, history.last - WEEK)).toBe(2 * WEEK - 1);
});

it('after longer than is looked back on it begins anew', () => {
  const history = beginHistory(MINUTE);
  for (let i = 0; i < WEEK + 500; i++) addStep(history, { step: START + i * MINUTE, value: 5, truth: 'observed' });
  addStep(history, { step: START + 10 * WEEK * MINUTE, value: 7, truth: 'observed' });
  expect(rateAt(history, history.last - 1)).toBeNaN();
  expect(meanOf(history, history.last - WEEK, history.last)).toBe(7);
  expect(keptRates(history)).toEqual(Float32Array.of(7));
});

it('restored from its rates it has the same means to the last bit, however it came by them', () => {
  const random = new SeededRandom('restored');
  for (const stepMs of [MINUTE, 30 * MINUTE]) {
    const history = beginHistory(stepMs);
    const most = historyMost(stepMs);
    let step = START;
    for (let round = 0; round < 12; round++) {
      const steps = random.below(most);
      for (let i = 0; i < steps; i++) {
        // Rates so far apart that sums are rounded, and gaps, now and then one of days.
        step += stepMs * (random.below(200) === 0 ? 1 + random.below(random.below(10) === 0 ? most : 90) : 1);
        addStep(history, { step, value: 10 ** (14 * random.next()), truth: random.below(40) === 0 ? 'missing' : 'observed' });
      }
      const restored = beginHistory(stepMs);
      restoreRates(restored, history.last, keptRates(history));
      expectAlike(restored, history, random);
    }
  }
});

function expectAlike(restored: History, history: History, random: SeededRandom): void {
  expect([restored.first, restored.last]).toEqual([history.first, history.last]);
  for (let trial = 0; trial < 200; trial++) {
    const from = history.last - random.below(history.span + 10);
    const to = from + random.below(random.below(2) ? 2_000 : 40);
    expect(meanOf(restored, from, to)).toBe(meanOf(history, from, to));
    expect(rateAt(restored, from)).toBe(rateAt(history, from));
  }
}

it('a censored step is known of by its bound alone, until a step is seen again', () => {
  const history = beginHistory(MINUTE);
  for (let i = 0; i < 100; i++) addStep(history, { step: START + i * MINUTE, value: 50, truth: 'observed' });
  addStep(history, { step: START + 100 * MINUTE, value: 80, truth: 'censored' });
  addStep(history, { step: START + 101 * MINUTE, value: 70, truth: 'censored' });
  // Fading, but not while what comes through is as much.
  expect(boundAt(history, history.last + 29)).toBeCloseTo(40, 5);
  addStep(history, { step: START + 102 * MINUTE, value: 79, truth: 'censored' });
  expect(boundAt(history, history.last)).toBe(79);
  expect(rateAt(history, history.last)).toBeNaN();
  expect(lastKnown(history)).toBe(history.last - 3);
  addStep(history, { step: START + 103 * MINUTE, value: 60, truth: 'observed' });
  expect(history.bound).toBe(0);
});

it('steps at or before the last, and numbers that are none, change nothing', () => {
  const history = beginHistory(MINUTE);
  expect(addStep(history, { step: START, value: Number.NaN, truth: 'observed' })).toBe(false);
  addStep(history, { step: START, value: 5, truth: 'observed' });
  expect(addStep(history, { step: START, value: 9, truth: 'observed' })).toBe(false);
  expect(addStep(history, { step: START - MINUTE, value: 9, truth: 'observed' })).toBe(false);
  expect(rateAt(history, history.last)).toBe(5);
});

it('inputs of an origin use nothing after it: two histories that part later have the same', () => {
  const rows = [new Float32Array(INPUTS), new Float32Array(INPUTS)] as const;
  const random = new SeededRandom('leak');
  const values = Array.from({ length: WEEK + 2_000 }, () => 1 + random.next());
  rows.forEach((row, k) => {
    const history = beginHistory(MINUTE);
    values.forEach((value, i) => {
      addStep(history, { step: START + i * MINUTE, value, truth: 'observed' });
    });
    const last = history.last;
    if (k === 1)
      for (let i = 0; i < 20; i++) addStep(history, { step: START + (values.length + i) * MINUTE, value: 1_000, truth: 'observed' });
    const reference = originInputs(history, last, 'Europe/Berlin', { offset: 0.1 }, row, 0);
    targetInputs(history, last, 30, reference, 'Europe/Berlin', { offset: 0.1 }, row, 0);
  });
  expect(rows[0].every(Number.isFinite)).toBe(true);
  expect(rows[1]).toEqual(rows[0]);
});

it('the same moment of other days is that of the clock on the wall, over a clock change too', () => {
  const history = beginHistory(15 * MINUTE);
  const change = Date.UTC(2026, 2, 29, 1);
  // Each local time of day has a rate of its own.
  const rate = (at: number): number => 1 + ((at + (at >= change ? 2 : 1) * 3_600_000) % 86_400_000) / 900_000;
  let at = change - 8 * 86_400_000;
  for (; at < change + 86_400_000; at += 15 * MINUTE) addStep(history, { step: at, value: rate(at), truth: 'observed' });
  const row = new Float32Array(INPUTS);
  const scale = { offset: 1e-9 };
  const reference = originInputs(history, history.last, 'Europe/Berlin', scale, row, 0);
  targetInputs(history, history.last, 5, reference, 'Europe/Berlin', scale, row, 0);
  const target = at + 4 * 15 * MINUTE;
  // The narrow spans of one day, two days and a week before, the last four inputs but three pairs from the end.
  const narrow = [INPUTS - 10, INPUTS - 8, INPUTS - 6].map((i) => Math.exp((row[i] as number) + reference));
  for (const found of narrow) expect(found).toBeCloseTo(rate(target), 3);
});
