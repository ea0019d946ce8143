import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addDistinct,
  addTally,
  type Counts,
  countDistinct,
  type Distinct,
  emptyDistinct,
  emptyTally,
  hash32,
  mergeDistinct,
  mergeTally,
  TALLY_CAP,
} from '../src/index.ts';

const parameters = { seed: 42, numRuns: 50 };

const distinct = (keys: readonly number[]): Distinct =>
  keys.reduce<Distinct>((sketch, key) => addDistinct(sketch, hash32(`u${key}`)), emptyDistinct());
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test.each([0, 1, 191, 192])('distinct: %i keys are counted exactly, however often they come', (n) => {
  expect(countDistinct(distinct([...range(0, n), ...range(0, n)]))).toBe(n);
});

test.each([193, 500, 2000, 2600, 20_000, 300_000])('distinct: %i keys within a tenth', (n) => {
  expect(Math.abs(countDistinct(distinct(range(0, n))) / n - 1)).toBeLessThan(0.1);
});

test('distinct: union is commutative, associative, idempotent, and that of the keys', () => {
  const keys = fc.array(fc.nat(2000), { maxLength: 400 });
  fc.assert(
    fc.property(keys, keys, keys, (a, b, c) => {
      const [A, B, C] = [distinct(a), distinct(b), distinct(c)];
      expect(mergeDistinct(A, B)).toEqual(mergeDistinct(B, A));
      expect(mergeDistinct(mergeDistinct(A, B), C)).toEqual(mergeDistinct(A, mergeDistinct(B, C)));
      expect(mergeDistinct(A, A)).toEqual(A);
      expect(mergeDistinct(A, emptyDistinct())).toEqual(A);
      expect(mergeDistinct(A, B)).toEqual(distinct([...a, ...b]));
    }),
    parameters,
  );
});

test('distinct: few keys and many keys unite either way', () => {
  const many = distinct(range(0, 1000));
  const few = distinct(range(1000, 1010));
  expect(mergeDistinct(many, few)).toEqual(distinct(range(0, 1010)));
  expect(mergeDistinct(few, many)).toEqual(distinct(range(0, 1010)));
});

test('distinct: a union changes neither side and shares nothing', () => {
  for (const n of [3, 300]) {
    const a = distinct(range(0, n));
    const copy = structuredClone(a);
    addDistinct(mergeDistinct(a, distinct([9999])), hash32('late'));
    expect(a).toEqual(copy);
  }
});

const tally = (keys: readonly number[]): Counts => {
  const counts = emptyTally();
  for (const key of keys) addTally(counts, `k${key}`, 1 + (key % 3));
  return counts;
};
const total = (counts: Counts) => [...counts.counts.values()].reduce((sum, count) => sum + count, counts.other);

test('tally: exact up to the cap', () => {
  const counts = tally([...range(0, TALLY_CAP), ...range(0, TALLY_CAP)]);
  expect(counts).toMatchObject({ level: 0, other: 0 });
  expect(counts.counts.get('k4')).toBe(4);
  expect(counts.counts.size).toBe(TALLY_CAP);
});

test('tally: beyond the cap nothing is lost, and what is kept is exact', () => {
  const keys = [...range(0, 5000), ...range(0, 5000)];
  const counts = tally(keys);
  expect(counts.counts.size).toBeLessThanOrEqual(TALLY_CAP);
  expect(counts.counts.size).toBeGreaterThan(TALLY_CAP / 4);
  expect(counts.level).toBeGreaterThan(0);
  expect(total(counts)).toBe(keys.reduce((sum, key) => sum + 1 + (key % 3), 0));
  for (const [key, count] of counts.counts) expect(count).toBe(2 * (1 + (Number(key.slice(1)) % 3)));
});

test('tally: a commutative monoid, also beyond the cap, that agrees with adding one by one', () => {
  const keys = fc
    .tuple(fc.nat(3000), fc.integer({ min: 0, max: 900 }), fc.array(fc.nat(4000), { maxLength: 30 }))
    .map(([from, n, more]) => [...range(from, from + n), ...more]);
  fc.assert(
    fc.property(keys, keys, keys, (a, b, c) => {
      const [A, B, C] = [tally(a), tally(b), tally(c)];
      const copy = structuredClone(A);
      expect(mergeTally(A, B)).toEqual(mergeTally(B, A));
      expect(mergeTally(mergeTally(A, B), C)).toEqual(mergeTally(A, mergeTally(B, C)));
      expect(mergeTally(A, emptyTally())).toEqual(A);
      expect(mergeTally(A, B)).toEqual(tally([...a, ...b]));
      expect(A).toEqual(copy);
    }),
    parameters,
  );
});
