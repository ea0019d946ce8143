import { expect, test } from 'vitest';
import { normalCdf, normalQuantile } from '../src/index.ts';

test('distribution function matches tables, tails included', () => {
  for (const [z, p] of [
    [0, 0.5],
    [1, 0.8413447460685429],
    [-1.959963984540054, 0.025],
    [-3, 0.0013498980316300933],
    [-6, 9.865876450376946e-10],
    [-10, 7.619853024160495e-24],
  ] as const) {
    expect(Math.abs(normalCdf(z) / p - 1)).toBeLessThan(2e-7);
  }
});

test('quantile is its inverse and odd', () => {
  for (let p = 0.0005; p < 1; p += 0.0013) {
    expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 6);
    expect(normalQuantile(1 - p)).toBeCloseTo(-normalQuantile(p), 9);
  }
  expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 8);
  expect(normalQuantile(0.001)).toBeCloseTo(-3.090232306167813, 8);
});
