import { SeededRandom } from '@auspex/numerics';
import { expect, test } from 'vitest';
import { bestLag } from '../src/index.ts';
import type { BehaviorState } from '../src/state.ts';
import { busyRate, DAY, HOUR, MINUTE, MONDAY, profiler, step } from './world.ts';

const subject = profiler();
const STEP = 5 * MINUTE;

/** A slow random walk of the logarithm, one value a quarter of an hour, that returns to 0. */
function swing(seed: number): (at: number) => number {
  const random = new SeededRandom(seed);
  const values: number[] = [0];
  for (let i = 1; i < 4000; i++) values.push(0.8 * (values[i - 1] as number) + 0.3 * random.normal());
  return (at) => values[Math.floor((at - MONDAY) / (15 * MINUTE)) + 500] as number;
}

function group(id: string, from: number, to: number, factor: (at: number) => number, skip: (at: number) => boolean = () => false) {
  const random = new SeededRandom(id);
  let state: BehaviorState = subject.begin({ id, zone: 'UTC', stepMs: STEP });
  for (let at = from; at < to; at += STEP) {
    if (skip(at)) continue;
    state = subject.fold(state, step(at, random.poisson(5 * busyRate(at) * Math.exp(factor(at)))));
  }
  return [id, state] as const;
}

const end = MONDAY + 14 * DAY;

test('group b leads a by 45 minutes: found from both sides, with its sign', () => {
  const shared = swing(1);
  const a = group('a', MONDAY, end, (at) => shared(at - 45 * MINUTE));
  const b = group('b', MONDAY, end, shared);
  const c = group('c', MONDAY, end, swing(2));
  const found = subject.relate?.(new Map([a, b, c]));
  const [ofA] = found?.get('a') ?? [];
  const [ofB] = found?.get('b') ?? [];
  // Positive: the other group leads this one.
  expect(ofA).toMatchObject({ group: 'b', lagMs: 45 * MINUTE });
  expect(ofB).toMatchObject({ group: 'a', lagMs: -45 * MINUTE });
  expect(ofA?.r).toBeGreaterThan(0.8);
  expect(ofB?.r).toBe(ofA?.r);
});

test('unequal starts, gaps and ends do not move the lag', () => {
  const shared = swing(3);
  const gap = (at: number) => at > MONDAY + 12.5 * DAY && at < MONDAY + 12.5 * DAY + 2 * HOUR;
  const a = group('a', MONDAY, end, (at) => shared(at - 45 * MINUTE));
  const b = group('b', MONDAY + 11.4 * DAY, end - 3 * HOUR, shared, gap);
  const [ofA] = subject.relate?.(new Map([a, b]))?.get('a') ?? [];
  expect(ofA).toMatchObject({ group: 'b', lagMs: 45 * MINUTE });
});

test('opposite groups have a negative r; unrelated ones are not named; one sleeping as long as the other is no relation', () => {
  const shared = swing(4);
  const a = group('a', MONDAY, end, shared);
  const b = group('b', MONDAY, end, (at) => -shared(at));
  const calm = group('calm', MONDAY, end, () => 0);
  const found = subject.relate?.(new Map([a, b, calm]));
  expect(found?.get('a')?.[0]?.r).toBeLessThan(-0.8);
  expect(found?.get('a')?.[0]?.lagMs).toBe(0);
  expect(found?.get('calm')).toEqual([]);
});

test('a silence longer than all that is remembered leaves nothing of before', () => {
  const [, state] = group('a', MONDAY, MONDAY + 5 * DAY, swing(5));
  subject.fold(state, step(MONDAY + 30 * DAY, 5));
  expect(Number.isNaN(state.recent.back(0))).toBe(true);
  expect(state.recent.toArray().some(Number.isFinite)).toBe(false);
});

test('too little in common is no relation; at most five and the busiest 32 are looked at', () => {
  const shared = swing(6);
  expect(subject.relate?.(new Map([group('a', MONDAY, MONDAY + 6 * HOUR, shared), group('b', MONDAY, MONDAY + 6 * HOUR, shared)]))).toEqual(
    new Map(),
  );
  const many = new Map(Array.from({ length: 34 }, (_, i) => group(`g${i}`, end - 2 * DAY, end, shared)));
  const found = subject.relate?.(many);
  expect(found?.size).toBe(32);
  expect([...(found?.values() ?? [])].every((list) => list.length === 5)).toBe(true);
});

test('best lag of series of unequal length and end; constants and short series have none', () => {
  const random = new SeededRandom(7);
  const b = Float64Array.from({ length: 250 }, () => random.normal());
  // a repeats b three buckets later.
  const a = Float64Array.from({ length: 250 }, (_, i) => (i < 3 ? Number.NaN : (b[i - 3] as number)));
  expect(bestLag(a, b)).toEqual({ r: expect.closeTo(1, 9), lag: 3 });
  expect(bestLag(b, a)).toEqual({ r: expect.closeTo(1, 9), lag: -3 });
  expect(bestLag(a.slice(40), b)).toEqual({ r: expect.closeTo(1, 9), lag: 3 });
  // b ends ten buckets before a.
  expect(bestLag(a, b.slice(0, 240), -10)).toEqual({ r: expect.closeTo(1, 9), lag: 3 });
  expect(bestLag(a, new Float64Array(250))).toEqual({ r: 0, lag: 0 });
  expect(bestLag(a.slice(0, 50), b.slice(0, 50))).toEqual({ r: 0, lag: 0 });
});
