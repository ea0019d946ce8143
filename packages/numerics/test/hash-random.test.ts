import { expect, test } from 'vitest';
import { finalise, hash32, SeededRandom } from '../src/index.ts';

/** Chi-squared over its degrees of freedom: about 1 for a uniform spread. */
function chi(counts: readonly number[]): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0) / (counts.length - 1);
}

test.each([0, 8, 16, 24])('hash: similar names spread over the byte at bit %i', (bit) => {
  const counts = new Array<number>(256).fill(0);
  for (let i = 0; i < 50_000; i++) {
    const byte = (hash32(`user-${i}`) >>> bit) & 255;
    counts[byte] = (counts[byte] as number) + 1;
  }
  expect(chi(counts)).toBeLessThan(1.3);
});

test('hash: stable, keyed, unsigned, and one bit in changes half of the bits out', () => {
  expect(hash32('a')).toBe(hash32('a'));
  expect(hash32('a')).not.toBe(hash32('a', 1));
  expect(hash32('')).toBeGreaterThanOrEqual(0);
  let changed = 0;
  for (let i = 0; i < 1000; i++) {
    for (let bits = finalise(i) ^ finalise(i ^ (1 << (i % 32))); bits !== 0; bits &= bits - 1) changed++;
  }
  expect(changed / 1000).toBeGreaterThan(15);
  expect(changed / 1000).toBeLessThan(17);
});

test('random: equal seeds are equal streams, others are not', () => {
  const draw = (seed: number | string) =>
    Array.from(
      { length: 20 },
      (
        (random) => () =>
          random.next()
      )(new SeededRandom(seed)),
    );
  expect(draw(7)).toEqual(draw(7));
  expect(draw('seven')).toEqual(draw('seven'));
  for (const seed of [8, 7 + 2 ** 32, -7, '7']) expect(draw(seed)).not.toEqual(draw(7));
});

test('random: a fork depends on seed and label, not on what was drawn, and is unlike its parent', () => {
  const parent = new SeededRandom(3);
  const before = parent.fork('x');
  const twin = new SeededRandom(3);
  parent.next();
  const after = parent.fork('x');
  const other = parent.fork('y');
  twin.next();
  const n = 20_000;
  let product = 0;
  let siblings = 0;
  for (let i = 0; i < n; i++) {
    const x = before.next();
    expect(after.next()).toBe(x);
    product += (x - 0.5) * (twin.next() - 0.5);
    siblings += (x - 0.5) * (other.next() - 0.5);
  }
  // Correlations have a standard deviation of 1 / sqrt(n) = 0.007.
  expect(Math.abs((product / n) * 12)).toBeLessThan(0.03);
  expect(Math.abs((siblings / n) * 12)).toBeLessThan(0.03);
});

function moments(n: number, draw: () => number): { mean: number; variance: number; skew: number } {
  const values = Array.from({ length: n }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const central = (power: number) => values.reduce((sum, value) => sum + (value - mean) ** power, 0) / n;
  return { mean, variance: central(2), skew: central(3) / central(2) ** 1.5 };
}

test('random: moments of uniform and normal', () => {
  const random = new SeededRandom('moments');
  const uniform = moments(40_000, () => random.next());
  expect(uniform.mean).toBeCloseTo(0.5, 2);
  expect(uniform.variance).toBeCloseTo(1 / 12, 2);
  const normal = moments(40_000, () => random.normal());
  expect(Math.abs(normal.mean)).toBeLessThan(0.02);
  expect(normal.variance).toBeCloseTo(1, 1);
  expect(Math.abs(normal.skew)).toBeLessThan(0.05);
});

test.each([0.3, 4, 29.9, 30, 500])('random: mean and variance of poisson(%f)', (mean) => {
  const random = new SeededRandom(mean);
  const drawn = moments(30_000, () => random.poisson(mean));
  expect(Math.abs(drawn.mean / mean - 1)).toBeLessThan(0.02);
  expect(Math.abs(drawn.variance / mean - 1)).toBeLessThan(0.06);
});

test('random: poisson(0) is 0; below stays below and takes each number', () => {
  const random = new SeededRandom(1);
  expect(random.poisson(0)).toBe(0);
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < 14_000; i++) {
    const at = random.below(7);
    counts[at] = (counts[at] as number) + 1;
  }
  expect(counts).toHaveLength(7);
  expect(chi(counts)).toBeLessThan(3);
});
