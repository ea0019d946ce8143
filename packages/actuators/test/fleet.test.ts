import { readFileSync } from 'node:fs';
import { SeededRandom } from '@auspex/numerics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fleet, type FleetOptions } from '../src/index.ts';

const MINUTE = 60_000;
const golden = JSON.parse(readFileSync(new URL('./golden/fleet.json', import.meta.url), 'utf8')) as {
  cases: { delay: number; first: number; orders: number[]; supply: number[] }[];
};
const fleet = (options: Partial<FleetOptions> = {}, seed = 1): Fleet =>
  new Fleet({ initial: 4, delay: 5 * MINUTE, ...options }, new SeededRandom(seed));

describe('Fleet', () => {
  it.each(golden.cases)('is World.run of the reference simulator, delay $delay', ({ delay, first, orders, supply }) => {
    const own = fleet({ initial: first, delay: delay * MINUTE });
    const seen = orders.map((units, t) => {
      own.order(t * MINUTE, units);
      return own.ready(t * MINUTE);
    });
    expect(seen).toEqual(supply);
    expect(own.ordered).toBe(orders.at(-1));
  });

  it('cancels the youngest pending first, then removes ready units at once', () => {
    const own = fleet();
    own.order(0, 6);
    own.order(MINUTE, 9);
    own.order(2 * MINUTE, 7);
    expect(own.ready(5 * MINUTE)).toBe(6);
    expect(own.ready(6 * MINUTE)).toBe(7);
    own.order(6 * MINUTE, 2);
    expect(own.ready(6 * MINUTE)).toBe(2);
  });

  it('warms units up', () => {
    const own = fleet({ warmUp: { ms: 2 * MINUTE, share: 0.25 } });
    own.order(0, 8);
    expect(own.capacity(4 * MINUTE)).toBe(4);
    expect(own.capacity(5 * MINUTE)).toBe(5);
    expect(own.ready(5 * MINUTE)).toBe(8);
    // Removed units are the last that came: the cold ones.
    own.order(6 * MINUTE, 6);
    expect(own.capacity(6 * MINUTE)).toBe(4.5);
    expect(own.capacity(7 * MINUTE)).toBe(6);
  });

  it('serves at once without a delay, and never runs backwards', () => {
    const own = fleet({ delay: 0 });
    own.order(MINUTE, 9);
    expect(own.ready(MINUTE)).toBe(9);
    expect(own.ready(0)).toBe(9);
    expect(() => own.order(MINUTE, 1.5)).toThrow(RangeError);
    expect(() => own.order(MINUTE, -1)).toThrow(RangeError);
  });

  it('draws lognormal delays with the given median and 90 % quantile', () => {
    const own = fleet({ initial: 0, delay: { p50: 4 * MINUTE, p90: 10 * MINUTE } });
    own.order(0, 20_000);
    expect(own.ready(4 * MINUTE) / 20_000).toBeCloseTo(0.5, 1);
    expect(own.ready(10 * MINUTE) / 20_000).toBeCloseTo(0.9, 1.5);
  });

  it('orders failed units anew', () => {
    const own = fleet({ initial: 0, failureRate: 0.25, failureAfter: 20 * MINUTE });
    own.order(0, 8000);
    const first = own.ready(5 * MINUTE);
    expect(first / 8000).toBeCloseTo(0.75, 1);
    expect(own.ready(25 * MINUTE) / 8000).toBeCloseTo(0.9375, 1.5);
    expect(own.ready(10_000 * MINUTE)).toBe(8000);
    expect(own.failures).toBeGreaterThan(8000 - first - 1);
  });

  it('laws: ready never exceeds ordered, all orders are met in time, and looking changes nothing', () => {
    const orders = fc.array(fc.record({ wait: fc.nat(12), units: fc.nat(30) }), { minLength: 1, maxLength: 25 });
    fc.assert(
      fc.property(orders, fc.boolean(), fc.integer(), (steps, chancy, seed) => {
        const options = chancy ? { delay: { p50: 3 * MINUTE, p90: 8 * MINUTE }, failureRate: 0.1 } : {};
        const watched = fleet(options, seed);
        const alone = fleet(options, seed);
        let at = 0;
        for (const { wait, units } of steps) {
          for (let minute = 0; minute < wait; minute++) expect(watched.ready(at + minute * MINUTE)).toBeLessThanOrEqual(watched.ordered);
          at += wait * MINUTE;
          watched.order(at, units);
          alone.order(at, units);
          expect(watched.ready(at)).toBe(alone.ready(at));
          expect(watched.capacity(at)).toBeLessThanOrEqual(units);
        }
        expect(alone.ready(at + 1e12)).toBe(steps.at(-1)?.units);
      }),
    );
  });
});

describe('a floor', () => {
  const autoscaler = { target: 0.5, tolerance: 0.1, stabilisation: 5 * MINUTE, min: 2, max: 40 };

  it('that is not renewed lapses to what was there before, at its time, however often one looks', () => {
    for (const looks of [[], [MINUTE, 3 * MINUTE], [2 * MINUTE + 1]]) {
      const own = fleet({ delay: 0 });
      own.order(0, 9, 2 * MINUTE);
      expect([own.ordered, own.held]).toEqual([9, 9]);
      for (const at of looks) own.advance(at);
      own.advance(10 * MINUTE);
      expect([own.ordered, own.held, own.ready(10 * MINUTE)]).toEqual([4, 4, 4]);
    }
  });

  it('that is renewed stays, and an order without an end replaces what was there before', () => {
    const own = fleet({ delay: 0 });
    for (let minute = 0; minute < 20; minute++) own.order(minute * MINUTE, 9, (minute + 2) * MINUTE);
    expect(own.ready(20 * MINUTE)).toBe(9);
    own.order(20 * MINUTE, 7);
    own.order(21 * MINUTE, 12, 23 * MINUTE);
    expect(own.ready(40 * MINUTE)).toBe(7);
  });

  it('that comes too late has lapsed', () => {
    const own = fleet({ delay: 0 });
    own.order(5 * MINUTE, 9, 4 * MINUTE);
    expect(own.ordered).toBe(4);
  });

  it('is under an autoscaler: the higher of both counts, and without it the autoscaler goes on', () => {
    const own = fleet({ delay: 0, autoscaler });
    own.demand(0, 3);
    expect(own.ordered).toBe(6);
    own.order(MINUTE, 12, 3 * MINUTE);
    expect([own.ordered, own.held, own.ready(MINUTE)]).toEqual([12, 12, 12]);
    own.demand(2 * MINUTE, 10);
    expect(own.ordered).toBe(20);
    own.order(2 * MINUTE, 8, 4 * MINUTE);
    expect([own.ordered, own.held]).toEqual([20, 8]);
    // The floor lapses; what the autoscaler scales in waits for its window.
    for (let minute = 3; minute < 7; minute++) own.demand(minute * MINUTE, 2);
    expect(own.ordered).toBe(20);
    for (let minute = 7; minute < 13; minute++) own.demand(minute * MINUTE, 2);
    expect([own.ordered, own.held]).toEqual([4, 4]);
  });

  it('autoscaler sees at most that all units are busy, nothing inside its tolerance, and stays inside its bounds', () => {
    const own = fleet({ delay: 0, autoscaler });
    own.demand(0, 100);
    expect(own.ordered).toBe(8);
    for (let minute = 1; minute < 6; minute++) own.demand(minute * MINUTE, 100);
    expect(own.ordered).toBe(40);
    const calm = fleet({ delay: 0, autoscaler });
    calm.demand(0, 2.1);
    expect(calm.ordered).toBe(4);
    for (let minute = 1; minute < 20; minute++) calm.demand(minute * MINUTE, 0);
    expect(calm.ordered).toBe(2);
  });
});
