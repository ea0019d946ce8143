import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GUARDS } from '../src/guards/all.ts';
import { bounds } from '../src/guards/bounds.ts';
import { control } from '../src/guards/control.ts';
import { cooldown } from '../src/guards/cooldown.ts';
import { freeze } from '../src/guards/freeze.ts';
import { freezesOf } from '../src/guards/freezes.ts';
import { type GuardLimits, type GuardView, runGuards } from '../src/guards/guard.ts';
import { hold } from '../src/guards/hold.ts';
import { stabilise } from '../src/guards/stabilise.ts';
import { step } from '../src/guards/step.ts';

const view = (over: Partial<GuardView> = {}): GuardView => ({
  step: 600_000,
  previous: 10,
  min: 1,
  max: 100,
  proposals: [],
  lastChange: undefined,
  control: 'floor',
  calm: [],
  blocked: undefined,
  freeze: undefined,
  cap: undefined,
  hold: undefined,
  ...over,
});
const limits = (over: Partial<GuardLimits> = {}): GuardLimits => ({
  stabilisationMs: 300_000,
  cooldownMs: 0,
  maxUp: undefined,
  maxDown: undefined,
  calmMs: 300_000,
  maxDownShare: 0.1,
  ...over,
});

const anyView = fc.record({
  step: fc.constant(600_000),
  previous: fc.integer({ min: 0, max: 60 }),
  min: fc.integer({ min: 0, max: 5 }),
  max: fc.integer({ min: 6, max: 50 }),
  proposals: fc.array(fc.record({ step: fc.integer({ min: 0, max: 600_000 }), units: fc.integer({ min: 0, max: 80 }) }), { maxLength: 6 }),
  lastChange: fc.option(fc.integer({ min: 0, max: 600_000 }), { nil: undefined }),
  control: fc.constantFrom('floor' as const, 'full' as const),
  calm: fc.array(fc.record({ step: fc.integer({ min: 0, max: 600_000 }), units: fc.integer({ min: 0, max: 80 }) }), { maxLength: 6 }),
  blocked: fc.option(fc.constant('the last step is missing'), { nil: undefined }),
  freeze: fc.option(
    fc.record({ hold: fc.constantFrom('in' as const, 'all' as const), until: fc.constant(900_000), why: fc.constant('launch') }),
    {
      nil: undefined,
    },
  ),
  cap: fc.option(
    fc.record({
      units: fc.integer({ min: 0, max: 80 }),
      until: fc.constant(900_000),
      probability: fc.constant(0.9),
      text: fc.constant('few sources'),
    }),
    { nil: undefined },
  ),
  hold: fc.option(
    fc.record({
      kind: fc.constantFrom('freeze' as const, 'pin' as const),
      units: fc.option(fc.integer({ min: 0, max: 80 }), { nil: undefined }),
      inOnly: fc.boolean(),
      until: fc.constant(900_000),
      by: fc.constant('anna'),
      reason: fc.constant('load test'),
    }),
    { nil: undefined },
  ),
});
const anyLimits = fc.record({
  stabilisationMs: fc.integer({ min: 0, max: 600_000 }),
  cooldownMs: fc.integer({ min: 0, max: 600_000 }),
  maxUp: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
  maxDown: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
  calmMs: fc.integer({ min: 0, max: 600_000 }),
  maxDownShare: fc.double({ min: 0.01, max: 1, noNaN: true }),
});
const hostile = fc.oneof(
  fc.integer({ min: -5, max: 200 }),
  fc.double(),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);

test('each guard is pure, gives a reason exactly where it changed something, and changes nothing the second time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 90 }), anyView, anyLimits, (units, anywhere, anything) => {
      for (const [name, guard] of GUARDS) {
        const frozen = structuredClone(anywhere);
        const once = guard(units, anywhere, anything);
        // An operator is named as long as the order stands.
        expect(once.text !== undefined).toBe(name === 'hold' ? anywhere.hold !== undefined : once.units !== units);
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

const full = (over: Partial<GuardView> = {}): GuardView => view({ control: 'full', step: 600_000, ...over });
const calm = (...units: number[]) => units.map((each, i) => ({ step: 600_000 - (units.length - 1 - i) * 60_000, units: each }));

test('under another autoscaler a floor may fall; in full control it takes a calm while', () => {
  expect(control(4, view({ blocked: 'the last step is missing' }), limits())).toEqual({ units: 4 });
  expect(control(4, full({ calm: calm(3, 3) }), limits())).toEqual({
    units: 10,
    text: 'held at 10: a reduction has to be safe for 5m, and 4m are left',
  });
  expect(control(4, full(), limits()).units).toBe(10);
  expect(control(12, full({ blocked: 'the last step is missing' }), limits())).toEqual({ units: 12 });
});

test('in full control a reduction stays above what may be needed, and takes a tenth a cycle', () => {
  const long = calm(3, 3, 3, 3, 3, 3);
  expect(control(4, full({ previous: 40, calm: long }), limits())).toEqual({ units: 36, text: 'held at 36: a cycle may remove 10 %' });
  expect(control(4, full({ previous: 5, calm: long }), limits())).toEqual({ units: 4 });
  expect(control(1, full({ previous: 5, calm: long }), limits({ maxDownShare: 1 }))).toEqual({
    units: 3,
    text: 'held at 3: up to 3 may be needed, or were asked for reactively, within 5m',
  });
  // The highest of the window counts, one that has left it does not.
  expect(control(1, full({ calm: calm(3, 9, 3, 3, 3, 3) }), limits({ maxDownShare: 1 })).units).toBe(9);
  expect(control(1, full({ calm: calm(9, 3, 3, 3, 3, 3, 3) }), limits({ maxDownShare: 1 })).units).toBe(3);
});

test('what stops a reduction in full control is told', () => {
  const stopped = full({ calm: calm(3, 3, 3, 3, 3, 3), blocked: 'the last step is missing' });
  expect(control(4, stopped, limits())).toEqual({ units: 10, text: 'held at 10: the last step is missing' });
});

test('a freeze keeps units from falling, and where it says so from moving', () => {
  const window = { until: Date.UTC(2026, 0, 5, 12), why: 'launch' };
  const keeps = (held: 'in' | 'all', units: number) => freeze(units, view({ freeze: { ...window, hold: held } }), limits());
  expect(keeps('in', 4)).toEqual({ units: 10, text: 'held at 10 until 2026-01-05T12:00:00Z: launch' });
  expect(keeps('in', 14)).toEqual({ units: 14 });
  expect(keeps('all', 14).units).toBe(10);
});

test('a hold names its operator in every trail, and bounds bind it', () => {
  const order = { until: Date.UTC(2026, 0, 5, 14), by: 'anna', reason: 'load test' } as const;
  expect(hold(12, view({ hold: { ...order, kind: 'pin', units: 12 } }), limits())).toEqual({
    units: 12,
    text: 'pinned at 12 until 2026-01-05T14:00:00Z by anna: "load test"',
  });
  expect(hold(4, view({ max: 20, hold: { ...order, kind: 'pin', units: 99 } }), limits())).toEqual({
    units: 20,
    text: 'pinned at 20, the nearest to 99 in 1..20, until 2026-01-05T14:00:00Z by anna: "load test"',
  });
  expect(hold(14, view({ hold: { ...order, kind: 'freeze' } }), limits()).units).toBe(10);
  expect(hold(14, view({ hold: { ...order, kind: 'freeze', inOnly: true } }), limits())).toMatchObject({ units: 14 });
  expect(hold(4, view({ hold: { ...order, kind: 'freeze', inOnly: true } }), limits()).units).toBe(10);
});

test('freezes: once or weekly, over midnight and clock changes, the stricter first', () => {
  const at = (iso: string): number => Date.parse(iso);
  const once = { pools: ['*'], why: 'launch', hold: 'in' as const, from: '2026-01-05T10:00:00Z', to: '2026-01-05T12:00:00Z' };
  const night = {
    pools: ['web*'],
    why: 'batch',
    hold: 'all' as const,
    days: ['fri' as const, 'sun' as const],
    from: '22:00',
    to: '06:00',
    zone: 'Europe/Berlin',
  };
  const frozen = freezesOf([once, night]);
  expect(frozen('web', at('2026-01-05T09:59:00Z'))).toBeUndefined();
  expect(frozen('web', at('2026-01-05T10:00:00Z'))).toEqual({ hold: 'in', until: at('2026-01-05T12:00:00Z'), why: 'launch' });
  expect(frozen('web', at('2026-01-05T12:00:00Z'))).toBeUndefined();
  // 2026-01-09 is a Friday; Berlin is an hour ahead.
  expect(frozen('web-1', at('2026-01-09T20:59:00Z'))).toBeUndefined();
  expect(frozen('web-1', at('2026-01-10T04:59:00Z'))).toEqual({ hold: 'all', until: at('2026-01-10T05:00:00Z'), why: 'batch' });
  expect(frozen('web-1', at('2026-01-10T05:00:00Z'))).toBeUndefined();
  expect(frozen('api', at('2026-01-09T22:00:00Z'))).toBeUndefined();
  // Sunday night into Monday wraps round the week; in the night of 29 March the clocks go forward.
  expect(frozen('web', at('2026-01-12T04:00:00Z'))?.until).toBe(at('2026-01-12T05:00:00Z'));
  expect(freezesOf([{ ...night, days: ['sat'] }])('web', at('2026-03-28T22:00:00Z'))?.until).toBe(at('2026-03-29T04:00:00Z'));
  const both = freezesOf([once, { ...once, hold: 'all', to: '2026-01-05T11:00:00Z', why: 'audit' }]);
  expect(both('web', at('2026-01-05T10:30:00Z'))).toMatchObject({ hold: 'all', why: 'audit' });
});
