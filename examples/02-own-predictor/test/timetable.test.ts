import { testLaws } from '@auspex/testkit';
import { describe, expect, it } from 'vitest';
import { worth } from '../src/compare.ts';
import { timetable } from '../src/timetable.ts';

testLaws('predictor', () => ({ plugin: timetable, with: { mailings: ['2026-01-06T09:00:00Z'] }, warmUp: 96 }), { describe, it });

describe('beside the bundled predictors', () => {
  it('earns weight, and the pool is forecast and served better', async () => {
    const [without, with_] = [await worth(false), await worth(true)];
    expect(with_.weights['timetable']).toBeGreaterThan(0.3);
    expect(without.weights['timetable']).toBeUndefined();
    expect(with_.wql).toBeLessThan(0.98 * without.wql);
    expect(with_.overload).toBeLessThan(without.overload);
    expect(with_.unitHours).toBeLessThan(1.02 * without.unitHours);
  });
});
