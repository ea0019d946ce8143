import { expect, it } from 'vitest';
import { chanceAbove, chanceAhead, positionIn } from '../src/index.ts';

const LEVELS = [0.5, 0.9, 0.99];

it('a position among rising numbers is fractional between them and clamped to their ends', () => {
  expect([0, 1, 1.5, 2, 5, 6, 99].map((value) => positionIn([1, 2, 4, 6], value))).toEqual([0, 0, 0.5, 1, 2.5, 3, 3]);
  expect(positionIn([7], 9)).toBe(0);
});

it('the chance to be above a quantile is what its level leaves, between two by a line in its logarithm', () => {
  const chance = (x: number): number => chanceAbove(LEVELS, (index) => [10, 20, 30][index] as number, x);
  expect(chance(10)).toBeCloseTo(0.5, 12);
  expect(chance(20)).toBeCloseTo(0.1, 12);
  expect(chance(30)).toBeCloseTo(0.01, 12);
  expect(chance(15)).toBeCloseTo(Math.sqrt(0.5 * 0.1), 12);
  // Beyond the last ten more are a tenth, as between the last two; below the first it fades: 1 - 0.5 e^-1.
  expect(chance(40)).toBeCloseTo(0.001, 12);
  expect(chance(0)).toBeCloseTo(1 - 0.5 * Math.exp(-1), 12);
});

it('between two distances of a forecast the quantiles lie on a line, outside of them they stay', () => {
  // Two steps ahead 10, 20, 30; four ahead 30, 60, 90. Half way 20, 40, 60; a quarter of the way 15, 30, 45.
  const quantiles = Float64Array.of(10, 20, 30, 30, 60, 90);
  const chance = (ahead: number, x: number): number => chanceAhead(LEVELS, [2, 4], quantiles, ahead, x);
  expect(chance(2, 20)).toBeCloseTo(0.1, 12);
  expect(chance(3, 40)).toBeCloseTo(0.1, 12);
  expect(chance(2.5, 45)).toBeCloseTo(0.01, 12);
  expect(chance(4, 30)).toBeCloseTo(0.5, 12);
  expect([0, 1, 2].map((ahead) => chance(ahead, 17))).toEqual([chance(2, 17), chance(2, 17), chance(2, 17)]);
  expect(chance(99, 77)).toBe(chance(4, 77));
});
