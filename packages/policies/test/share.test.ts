import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareByImportance } from '../src/index.ts';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('shareByImportance', () => {
  it.each([
    [[6, 8], [2, 1], 10, [6, 4]],
    [[6, 8], [1, 2], 10, [2, 8]],
    [[10, 20], [1, 1], 15, [5, 10]],
    [[4, 4], [1, 1], 20, [4, 4]],
    [[4, 4], [9, 1], 0, [0, 0]],
    [[0, 5], [2, 1], 3, [0, 3]],
  ])('needs %j of importance %j, %i available -> %j', (needs, importances, available, expected) => {
    expect(shareByImportance(needs, importances, available)).toEqual(expected);
  });

  it('laws: sums to what there is, never above need, never less of more; the important first, equals in proportion', () => {
    const row = fc.record({ need: fc.nat(40), importance: fc.constantFrom(0.5, 1, 3) });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 7 }), fc.nat(150), (rows, available) => {
        const needs = rows.map((entry) => entry.need);
        const share = (amount: number): number[] =>
          shareByImportance(
            needs,
            rows.map((entry) => entry.importance),
            amount,
          );
        const now = share(available);
        const more = share(available + 1);
        expect(sum(now)).toBeCloseTo(Math.min(available, sum(needs)), 9);
        for (const [i, a] of rows.entries()) {
          const part = now[i] as number;
          expect(part).toBeLessThanOrEqual(a.need + 1e-9);
          expect(part).toBeGreaterThanOrEqual(0);
          expect(more[i]).toBeGreaterThanOrEqual(part - 1e-9);
          for (const [j, b] of rows.entries()) {
            if (a.importance > b.importance && part < a.need - 1e-9) expect(now[j]).toBe(0);
            if (a.importance === b.importance) expect((now[j] as number) * a.need).toBeCloseTo(part * b.need, 6);
          }
        }
      }),
    );
  });
});
