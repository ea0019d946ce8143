import type { AssessInput } from '@auspex/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seedAssessor, seedConfig } from '../src/index.ts';
import { context } from './context.ts';

const { assess } = seedAssessor.create(seedConfig.parse({}), context);
const event = (impact: number) => ({ id: 'e', name: 'Launch', start: 0, end: 1, impact });
const input = (over: Partial<AssessInput> = {}): AssessInput => ({
  group: 'g',
  pop: 'ATL',
  at: 0,
  expected: 100,
  actual: 150,
  events: [],
  sensitivity: 1,
  quiet: 1,
  ...over,
});

describe('seed assessor', () => {
  it('is (deviation + event impact) x sensitivity', () => {
    const surge = assess(input({ events: [event(0.2), event(0.1)], sensitivity: 2 }));
    expect(surge.deviation).toBeCloseTo(0.5, 12);
    expect(surge.eventImpact).toBeCloseTo(0.3, 12);
    expect(surge.score).toBeCloseTo(1.6, 12);
    expect(surge.probability).toBe(1);
    expect(surge.contributions.map((part) => part.of)).toEqual(['deviation', 'event']);
    expect(surge.contributions[0]?.text).toBe('150/s seen, 100/s expected: 50 % above expected, x sensitivity 2');
    expect(surge.contributions[1]?.text).toBe('Launch (+20 %), Launch (+10 %): 30 % together, x sensitivity 2');
  });

  it('measures quiet groups against the quiet rate', () => {
    const surge = assess(input({ expected: 0.1, actual: 0.6, quiet: 1 }));
    expect(surge.score).toBeCloseTo(0.5, 12);
    expect(surge.contributions[0]?.text).toContain('relative to the quiet rate');
    expect(Number.isFinite(assess(input({ expected: 0, actual: 1, quiet: 0 })).score)).toBe(true);
    expect(assess(input({ expected: 0, actual: 0, quiet: 0 })).score).toBe(0);
  });

  it.each([
    [{ expected: undefined }, 'nothing expected yet (the profile is not ready)'],
    [{ actual: undefined }, 'the last step is missing'],
  ])('takes no deviation from what is not known: %o', (over, text) => {
    const surge = assess(input({ ...over, events: [event(0.4)] }));
    expect(surge.deviation).toBe(0);
    expect(surge.score).toBe(0.4);
    expect(surge.contributions[0]?.text).toContain(text);
  });

  it('laws: probability in 0..1, rising with actual, contributions add up', () => {
    const number = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        number,
        number,
        number,
        fc.double({ min: -1, max: 5, noNaN: true }),
        number,
        fc.double({ min: 0, max: 9, noNaN: true }),
        (a, b, e, impact, quiet, s) => {
          const low = assess(input({ expected: e, actual: Math.min(a, b), events: [event(impact)], quiet, sensitivity: s }));
          const high = assess(input({ expected: e, actual: Math.max(a, b), events: [event(impact)], quiet, sensitivity: s }));
          expect(low.probability).toBeLessThanOrEqual(high.probability);
          for (const surge of [low, high]) {
            expect(surge.probability).toBeGreaterThanOrEqual(0);
            expect(surge.probability).toBeLessThanOrEqual(1);
            const sum = surge.contributions.reduce((total, part) => total + part.amount, 0);
            expect(Math.abs(sum - surge.score)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(surge.score)));
          }
        },
      ),
    );
  });

  it('has strict options', () => {
    expect(seedConfig.safeParse({ sensitivity: 2 }).success).toBe(false);
  });
});
