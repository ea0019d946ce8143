import type { Pool, Usage } from '@auspex/contracts';
import { emptyUsage } from '@auspex/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit, ClosedLoop, closedLoopConfig } from '../src/index.ts';

const STEP = 60_000;
const pool: Pool = {
  id: 'web',
  pop: 'ATL',
  measure: 'requests',
  unitRate: 1,
  target: 0.7,
  min: 0,
  max: 100,
  leadTimeMs: 0,
  price: 1,
  importance: 1,
  control: 'full',
  serves: (_, pop) => pop === 'ATL',
  importanceOf: () => 1,
};
const usage = (step: number, group: string, offered: number, over: Partial<Usage> = {}): Usage => ({
  ...emptyUsage(step, group, 'ATL'),
  offered,
  served: offered,
  work: offered,
  bytes: offered * 10,
  ...over,
});
/** A unit serves 60 requests a step. */
const loop = (units: number | ((step: number) => number), options: object = {}, own: Partial<Pool> = {}): ClosedLoop =>
  new ClosedLoop({
    stepMs: STEP,
    pools: [{ ...pool, ...own }],
    capacity: (_, step) => (typeof units === 'number' ? units : units(step)),
    options: closedLoopConfig.parse(options),
  });

describe('ClosedLoop', () => {
  it('changes nothing while there is room', () => {
    const given = [usage(0, 'a', 50), usage(0, 'b', 10)];
    const out = loop(1).reshape(0, given);
    expect(out).toEqual(given);
    expect(out[0]).not.toBe(given[0]);
  });

  it('throttles all groups in proportion and lets them come back with back-off', () => {
    const world = loop((step) => (step === 0 ? 1 : 10), { retryShare: 0.5, maxAttempts: 2 });
    const [a, b] = world.reshape(0, [usage(0, 'a', 80), usage(0, 'b', 40)]) as [Usage, Usage];
    expect(a).toMatchObject({ offered: 80, served: 40, throttled: 40, retried: 0, bytes: 400 });
    expect(b).toMatchObject({ offered: 40, served: 20, throttled: 20 });
    expect(world.waiting).toBe(30);
    const [later, only] = world.reshape(STEP, [usage(STEP, 'a', 5)]) as [Usage, Usage];
    expect(later).toMatchObject({ offered: 5, served: 25, retried: 20 });
    expect(later.kinds.counts.get('request')).toBe(20);
    expect(only).toMatchObject({ group: 'b', offered: 0, served: 10, retried: 10 });
    expect(world.waiting).toBe(0);
  });

  it('doubles the wait, and gives up after the last attempt', () => {
    const world = loop(0, { retryShare: 1, maxAttempts: 3 });
    const seen = [0, 1, 2, 3, 4, 5].map((t) => world.reshape(t * STEP, t === 0 ? [usage(0, 'a', 10)] : [])[0]?.retried ?? 0);
    expect(seen).toEqual([0, 10, 0, 10, 0, 0]);
    expect(world.waiting).toBe(0);
  });

  it('brings back late what was due in a step that was passed over', () => {
    const world = loop((step) => (step === 0 ? 0 : 9), { retryShare: 1 });
    world.reshape(0, [usage(0, 'a', 10)]);
    expect(world.reshape(10 * STEP, [])[0]?.retried).toBe(10);
  });

  it('hides retries among first attempts where they are not marked', () => {
    const world = loop((step) => (step === 0 ? 0 : 9), { retryShare: 1, marked: false });
    world.reshape(0, [usage(0, 'a', 10, { work: 30 })]);
    expect(world.reshape(STEP, [usage(STEP, 'a', 5, { work: 10 })])[0]).toMatchObject({ offered: 15, retried: 0, served: 15, work: 30 });
  });

  it('lets requests time out near full use', () => {
    const world = loop(1, { queueShare: 0.5, timeoutShare: 0.4, retryShare: 0 });
    expect(world.reshape(0, [usage(0, 'a', 45)])[0]).toMatchObject({ served: 36, timedOut: 9, throttled: 0 });
    expect(world.reshape(STEP, [usage(STEP, 'a', 30)])[0]).toMatchObject({ served: 30, timedOut: 0 });
    expect(loop(0).reshape(0, [usage(0, 'a', 0)])[0]).toMatchObject({ served: 0, timedOut: 0 });
  });

  it('keeps the share of failures of the trace', () => {
    expect(loop(1).reshape(0, [usage(0, 'a', 120, { served: 90, failed: 30 })])[0]).toMatchObject({
      served: 45,
      failed: 15,
      throttled: 60,
    });
  });

  it.each([
    ['work', { work: 20 }],
    ['bytes', { bytes: 20 }],
    ['sessions', { sessionStarts: 20 }],
  ] as const)('loads a pool by %s', (measure, over) => {
    const world = loop((step) => (step === 0 ? 1 / 6 : 1 / 12), { retryShare: 1, maxAttempts: 2 }, { measure });
    expect(world.reshape(0, [usage(0, 'a', 10, over)])[0]).toMatchObject({ served: 5, throttled: 5 });
    // Retries without first attempts weigh what the group weighed before.
    expect(world.reshape(STEP, [])[0]).toMatchObject({ served: 2, throttled: 3, retried: 5 });
  });

  it('takes a retry for one unit of load where nothing is known of its group', () => {
    expect(loop(1, {}, { measure: 'work' }).reshape(0, [usage(0, 'a', 0)])[0]).toMatchObject({ offered: 0, served: 0 });
  });

  it('serves what no pool serves', () => {
    const far = { ...usage(0, 'a', 1e6), pop: 'FRA' };
    expect(loop(0).reshape(0, [far])[0]).toMatchObject({ served: 1e6, throttled: 0 });
  });

  it('laws: every attempt has one fate; attempts are first attempts and retries; capacity holds; none is lost or made', () => {
    const traffic = fc.array(fc.tuple(fc.nat(200), fc.nat(90), fc.nat(4)), { minLength: 1, maxLength: 25 });
    fc.assert(
      fc.property(
        traffic,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        (rows, retryShare, maxAttempts, marked) => {
          const options = { retryShare, maxAttempts, marked, queueShare: 0.8, timeoutShare: 0.3 };
          const world = loop((step) => rows[step / STEP]?.[2] ?? 0, options);
          let first = 0;
          let attempts = 0;
          let lost = 0;
          for (const [t, [a, b, units]] of rows.entries()) {
            const given = [usage(t * STEP, 'a', a), usage(t * STEP, 'b', b)];
            const before = structuredClone(given);
            const out = world.reshape(t * STEP, given);
            expect(given).toEqual(before);
            first += a + b;
            let admitted = 0;
            for (const record of out) {
              const fates = record.served + record.failed + record.timedOut + record.throttled;
              expect(fates).toBe(record.offered + record.retried);
              if (!marked) expect(record.retried).toBe(0);
              attempts += fates;
              admitted += fates - record.throttled;
              lost += record.timedOut + record.throttled;
            }
            expect(admitted).toBeLessThanOrEqual(units * 60 + 1e-6);
          }
          expect(attempts).toBeGreaterThanOrEqual(first);
          expect(attempts - first + world.waiting).toBeLessThanOrEqual(lost);
          expect(attempts).toBeLessThanOrEqual(first * maxAttempts);
        },
      ),
    );
  });

  it('admits whole requests to one request', () => {
    const fates = admit(Array(7).fill({ count: 1, load: 1 }), 3, 1, 0);
    expect(fates.reduce((sum, fate) => sum + fate.admitted, 0)).toBe(3);
  });

  it('has strict options', () => {
    expect(closedLoopConfig.safeParse({ retries: 1 }).success).toBe(false);
    expect(closedLoopConfig.parse({})).toMatchObject({ backOff: STEP, retryShare: 0.8, maxAttempts: 3, marked: true });
  });
});
