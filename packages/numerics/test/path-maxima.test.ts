import { pathMaxima } from '@auspex/numerics';
import { expect, test } from 'vitest';

// Two paths at 1, 2, 4 and 8 steps ahead.
const HORIZON = [1, 2, 4, 8];
const RATES = Float64Array.of(1, 5, 2, 10, 4, 3, 7, 1);

test('the greatest value of each path inside the window, rising', () => {
  expect([...pathMaxima(RATES, HORIZON, 1, 8)]).toEqual([7, 10]);
  expect([...pathMaxima(RATES, HORIZON, 1, 2)]).toEqual([4, 5]);
  expect([...pathMaxima(RATES, HORIZON, 2, 2)]).toEqual([3, 5]);
});

test('between two steps of the horizon a path is a line, beyond its ends it stays', () => {
  // At 6 steps: half way from 2 to 10, and from 7 to 1.
  expect([...pathMaxima(RATES, HORIZON, 6, 6)]).toEqual([4, 6]);
  expect([...pathMaxima(RATES, HORIZON, 3, 6)]).toEqual([6, 7]);
  expect([...pathMaxima(RATES, HORIZON, 20, 30)]).toEqual([1, 10]);
  expect([...pathMaxima(RATES, HORIZON, 0, 0.5)]).toEqual([1, 4]);
  expect([...pathMaxima(Float64Array.of(3, 9), [5], 1, 9)]).toEqual([3, 9]);
});

test('no path has no maximum', () => {
  expect(pathMaxima(new Float64Array(0), HORIZON, 1, 8)).toHaveLength(0);
});
