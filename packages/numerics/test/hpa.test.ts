import { describe, expect, it } from 'vitest';
import { type HpaRecommendation, hpaDesired, hpaHighest, hpaStabilised, hpaWindow, isNearTarget, unitsAtTarget } from '../src/index.ts';

const DEFAULT = { scaleOut: 0.1, scaleIn: 0.1 };
const MINUTE = 60_000;

describe('units that the HPA desires', () => {
  // Worked by hand by ceil(currentReplicas x currentMetricValue / desiredMetricValue).
  it.each([
    // The documentation's: twice the target doubles, half of it halves.
    ['200m of 100m', 4, 200, 100, 8],
    ['50m of 100m', 4, 50, 100, 2],
    // KEP-4951's: 50 pods at 90 % of a target of 75 %, 50 x 1.2.
    ['90 % of 75 %', 50, 90, 75, 60],
    // 3 x 50/30 = 5; 5 x 28/50 = 2.8; 3 x 65/50 = 3.9.
    ['50 % of 30 %', 3, 50, 30, 5],
    ['28 % of 50 %', 5, 28, 50, 3],
    ['65 % of 50 %', 3, 65, 50, 4],
    // Inside the tolerance nothing changes; of 2 units at 1.2 it is 2.4, rounded up.
    ['102 % of 100 %', 3, 102, 100, 3],
    ['a ratio of 1.125', 8, 72, 64, 9],
    ['a ratio of 1.0625', 16, 68, 64, 16],
    ['a ratio of 0.9375', 16, 60, 64, 16],
    ['a ratio of 0.875', 8, 56, 64, 7],
    ['a ratio of 1.2', 2, 60, 50, 3],
    ['no use', 4, 0, 50, 0],
  ])('%s', (_, units, use, target, desired) => {
    expect(hpaDesired(units * use, units, target, DEFAULT)).toBe(desired);
  });

  it('without units any load is out of tolerance: ceil(load / perUnit), and none of none', () => {
    expect(hpaDesired(130, 0, 50, DEFAULT)).toBe(3);
    expect(hpaDesired(0, 0, 50, DEFAULT)).toBe(0);
    expect(Object.is(hpaDesired(0, 0, 50, DEFAULT), 0)).toBe(true);
    expect(isNearTarget(0, 0, 50, { scaleOut: 1, scaleIn: 1 })).toBe(false);
  });

  it('has a tolerance for each way (KEP-4951)', () => {
    const eager = { scaleOut: 0, scaleIn: 0.05 };
    expect(hpaDesired(64, 1, 64, eager)).toBe(1);
    expect(hpaDesired(65, 1, 64, eager)).toBe(2);
    // 100 units at 61 of 64 are at 0.953, at 60 at 0.9375: 93.75 units.
    expect(hpaDesired(6_100, 100, 64, eager)).toBe(100);
    expect(hpaDesired(6_000, 100, 64, eager)).toBe(94);
  });

  it('rounding asks for no unit more: 0.3 / 0.1 is three', () => {
    expect(0.1 + 0.2).toBeGreaterThan(0.3);
    expect(unitsAtTarget(0.1 + 0.2, 0.1)).toBe(3);
    expect(unitsAtTarget(0.31, 0.1)).toBe(4);
  });
});

describe('the stabilisation window', () => {
  /** Units by minute, from 10 on, of what is recommended by minute. */
  function run(desired: readonly number[], windowMs: number): number[] {
    let [window, units]: [HpaRecommendation[], number] = [[], 10];
    return desired.map((each, i) => {
      window = hpaWindow(window, { step: i * MINUTE, units: each }, windowMs);
      units = hpaStabilised(each, units, hpaHighest(window));
      return units;
    });
  }

  it('scales in to the highest of the last five minutes, the one of five minutes ago no longer in it, and out at once', () => {
    // 10 counts in minutes 0 to 4; in 5 the highest of 1..5 is 8; in 6 that of 2..6 is 6; 12 is there at once and stays to minute 11.
    expect(run([10, 8, 6, 4, 4, 4, 4, 12, 3, 3, 3, 3, 3, 3], 5 * MINUTE)).toEqual([10, 10, 10, 10, 10, 8, 6, 12, 12, 12, 12, 12, 3, 3]);
  });

  it('of no length scales in at once', () => {
    expect(run([10, 3, 5, 4], 0)).toEqual([10, 3, 5, 4]);
  });

  it('adds no units: what was recommended and is not there is past', () => {
    expect(hpaStabilised(4, 6, 9)).toBe(6);
    expect(hpaStabilised(7, 6, 9)).toBe(7);
  });

  it('a step that is asked again replaces its own', () => {
    const first = hpaWindow([], { step: 0, units: 9 }, 5 * MINUTE);
    expect(hpaWindow(first, { step: 0, units: 4 }, 5 * MINUTE)).toEqual([{ step: 0, units: 4 }]);
    expect(hpaHighest([])).toBe(0);
  });
});
