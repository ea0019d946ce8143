import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inWholeUnits, proportionally, shareByImportance } from '../src/index.ts';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('shareByImportance', () => {
  it.each([
    [[6, 8], [2, 1], 10, [1, 1], [6, 4]],
    [[6, 8], [1, 2], 10, [1, 1], [2, 8]],
    [[10, 20], [1, 1], 15, [0, 0], [5, 10]],
    [[4, 4], [1, 1], 20, [0, 0], [4, 4]],
    [[4, 4], [9, 1], 3, [3, 3], [3, 0]],
    [[4, 4], [9, 1], 0, [1, 1], [0, 0]],
    [[0, 5], [2, 1], 3, [2, 0], [0, 3]],
  ])('needs %j of importance %j, %i available, minima %j -> %j', (needs, importances, available, minima, expected) => {
    expect(shareByImportance(needs, importances, available, minima)).toEqual(expected);
  });

  it('laws: sums to what there is, never above need, never less of more; whole units and proportions', () => {
    const row = fc.record({ need: fc.nat(40), importance: fc.constantFrom(0.5, 1, 3), minimum: fc.nat(6) });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 7 }), fc.nat(150), fc.boolean(), (rows, available, whole) => {
        const needs = rows.map((entry) => entry.need);
        const share = (amount: number): number[] =>
          shareByImportance(
            needs,
            rows.map((entry) => entry.importance),
            amount,
            rows.map((entry) => entry.minimum),
            whole ? inWholeUnits : proportionally,
          );
        const now = share(available);
        const more = share(available + 1);
        expect(sum(now)).toBeCloseTo(Math.min(available, sum(needs)), 9);
        for (const [i, part] of now.entries()) {
          expect(part).toBeLessThanOrEqual((needs[i] as number) + 1e-9);
          expect(part).toBeGreaterThanOrEqual(0);
          expect(more[i]).toBeGreaterThanOrEqual(part - 1e-9);
          if (whole) expect(Number.isInteger(part)).toBe(true);
        }
        // Nobody gets more than his minimum while somebody more important is short.
        for (const [i, a] of rows.entries()) {
          for (const [j, b] of rows.entries()) {
            const short = (now[i] as number) < a.need - 1e-9;
            if (a.importance > b.importance && short) expect(now[j]).toBeLessThanOrEqual(Math.min(b.minimum, b.need) + 1e-9);
          }
        }
      }),
    );
  });
});
