import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GUARDS } from '../src/guards/all.ts';
import { bounds } from '../src/guards/bounds.ts';
import { cooldown } from '../src/guards/cooldown.ts';
import { type GuardLimits, type GuardView, runGuards } from '../src/guards/guard.ts';
import { stabilise } from '../src/guards/stabilise.ts';
import { step } from '../src/guards/step.ts';

const view = (over: Partial<GuardView> = {}): GuardView => ({
  step: 600_000,
  previous: 10,
  min: 1,
  max: 100,
  proposals: [],
  lastChange: undefined,
  ...over,
});
const limits = (over: Partial<GuardLimits> = {}): GuardLimits => ({
  stabilisationMs: 300_000,
  cooldownMs: 0,
  maxUp: undefined,
  maxDown: undefined,
  ...over,
});

const anyView = fc.record({
  step: fc.constant(600_000),
  previous: fc.integer({ min: 0, max: 60 }),
  min: fc.integer({ min: 0, max: 5 }),
  max: fc.integer({ min: 6, max: 50 }),
  proposals: fc.array(fc.record({ step: fc.integer({ min: 0, max: 600_000 }), units: fc.integer({ min: 0, max: 80 }) }), { maxLength: 6 }),
  lastChange: fc.option(fc.integer({ min: 0, max: 600_000 }), { nil: undefined }),
});
const anyLimits = fc.record({
  stabilisationMs: fc.integer({ min: 0, max: 600_000 }),
  cooldownMs: fc.integer({ min: 0, max: 600_000 }),
  maxUp: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
  maxDown: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
});
const hostile = fc.oneof(
  fc.integer({ min: -5, max: 200 }),
  fc.double(),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);

test('each guard is pure, gives a reason exactly where it changed something, and changes nothing the second time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 90 }), anyView, anyLimits, (units, anywhere, anything) => {
      for (const [, guard] of GUARDS) {
        const frozen = structuredClone(anywhere);
        const once = guard(units, anywhere, anything);
        expect(once.text !== undefined).toBe(once.units !== units);
        expect(guard(once.units, anywhere, anything).units).toBe(once.units);
        expect(guard(units, anywhere, anything)).toEqual(once);
        expect(anywhere).toEqual(frozen);
      }
    }),
    { seed: 1, numRuns: 500 },
  );
});

test('whatever is proposed, units are whole and inside the bounds', () => {
  fc.assert(
    fc.property(hostile, anyView, anyLimits, (units, anywhere, anything) => {
      const result = runGuards(GUARDS, units, anywhere, anything);
      expect(Number.isInteger(result.units)).toBe(true);
      expect(result.units).toBeGreaterThanOrEqual(anywhere.min);
      expect(result.units).toBeLessThanOrEqual(anywhere.max);
      for (const reason of result.reasons) expect(reason.by).toMatch(/^guard\(/);
    }),
    { seed: 2, numRuns: 1000 },
  );
});

test('scale-out is never held by stabilisation or cooldown', () => {
  fc.assert(
    fc.property(anyView, anyLimits, fc.integer({ min: 0, max: 50 }), (anywhere, anything, more) => {
      const wanted = anywhere.previous + more;
      expect(stabilise(wanted, anywhere, anything).units).toBe(wanted);
      expect(cooldown(wanted, anywhere, anything).units).toBe(wanted);
    }),
    { seed: 3 },
  );
});

test('stabilisation holds scale-in at the highest proposal of the window, never above what is there', () => {
  const proposals = [
    { step: 200_000, units: 30 },
    { step: 400_000, units: 8 },
    { step: 500_000, units: 6 },
  ];
  expect(stabilise(4, view({ proposals }), limits())).toMatchObject({ units: 8, text: 'held at 8: up to 8 were proposed within 5m' });
  expect(stabilise(4, view({ proposals }), limits({ stabilisationMs: 600_000 })).units).toBe(10);
  expect(stabilise(4, view({ proposals }), limits({ stabilisationMs: 60_000 })).units).toBe(4);
  // A proposal that is exactly as old as the window is out of it.
  expect(stabilise(4, view({ proposals }), limits({ stabilisationMs: 200_000 })).units).toBe(6);
});

test('cooldown says how long it has left', () => {
  expect(cooldown(4, view({ lastChange: 560_000 }), limits({ cooldownMs: 80_000 }))).toEqual({
    units: 10,
    text: 'held at 10: cooldown has 40s left',
  });
  expect(cooldown(4, view({ lastChange: 500_000 }), limits({ cooldownMs: 80_000 }))).toEqual({ units: 4 });
});

test('a cycle moves at most so far, and bounds have the last word', () => {
  expect(step(40, view(), limits({ maxUp: 5 }))).toEqual({ units: 15, text: '40 cut to 15: a cycle may add 5 and remove any' });
  expect(step(1, view(), limits({ maxDown: 2 })).units).toBe(8);
  expect(bounds(Number.NaN, view(), limits()).units).toBe(10);
  expect(bounds(2.2, view(), limits()).units).toBe(3);
  const trail = runGuards(GUARDS, 40, view({ max: 12 }), limits({ maxUp: 5 }));
  expect(trail.units).toBe(12);
  expect(trail.reasons.map((reason) => reason.by)).toEqual(['guard(step)', 'guard(bounds)']);
});
