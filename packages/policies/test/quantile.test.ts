import { LEVELS } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { describe, expect, it } from 'vitest';
import { chanceAt, quantileAllocator, unitsToKeep } from '../src/index.ts';
import { forecast, input, NOON, pool, STEP, view } from './views.ts';

const HORIZON = Array.from({ length: 18 }, (_, i) => i + 1);
/** The same exponential demand in every step: P(above x) = exp(-x / mean). */
const exponential = (mean: number, horizon = HORIZON) =>
  forecast(() => 0, horizon, { quantiles: Float64Array.from(horizon.flatMap(() => LEVELS.map((level) => -mean * Math.log(1 - level)))) });
/** Demand that is known exactly, by steps ahead. */
const certain = (rate: (ahead: number) => number) =>
  forecast(() => 0, HORIZON, { quantiles: Float64Array.from(HORIZON.flatMap((ahead) => LEVELS.map(() => rate(ahead)))) });
const one = pool({ unitRate: 1, target: 1, leadTimeMs: 15 * STEP });
const always = (units: number) => Array.from({ length: 15 }, (_, i) => ({ step: NOON - (15 - i) * STEP, units }));

describe('the chance to be above a rate', () => {
  it('is that of an exponential demand, between the levels and beyond the last', () => {
    for (const x of [0.7, 1.3, 2.2, 4, 6, 9]) expect(chanceAt(exponential(1), 3, x)).toBeCloseTo(Math.exp(-x), 6);
  });

  it('falls as the rate rises and is between 0 and 1, whatever the forecast', () => {
    const random = new SeededRandom('chance');
    for (let trial = 0; trial < 50; trial++) {
      const quantiles = Float64Array.from(
        HORIZON.flatMap(() => [...LEVELS].map(() => Math.floor(5 * random.next())).sort((a, b) => a - b)),
      );
      const given = forecast(() => 0, HORIZON, { quantiles });
      let before = 1;
      for (let x = 0; x < 10; x += 0.25) {
        const chance = chanceAt(given, 1 + 16 * random.next(), 0) && chanceAt(given, 4, x);
        expect(chance).toBeLessThanOrEqual(before + 1e-12);
        expect(chance).toBeGreaterThanOrEqual(0);
        before = chance;
      }
    }
  });
});

describe('units that are worth keeping', () => {
  it('are the newsvendor’s at a lead time of nothing: the quantile price / (price + 1)', () => {
    const now = { ...one, leadTimeMs: 0 };
    for (const price of [3, 10, 30, 100]) {
      const kept = unitsToKeep(view({ pool: now, forecast: exponential(10) }), NOON, STEP, [], price);
      // The highest unit that is needed with a chance above 1 / (price + 1).
      expect(kept.units).toBe(Math.ceil(10 * Math.log(price + 1)));
    }
  });

  it('are ordered on a chance that counts half as much again a lead time ahead, since they can still be given up', () => {
    for (const price of [3, 10, 30]) {
      const kept = unitsToKeep(view({ pool: one, units: 0, forecast: exponential(10) }), NOON, STEP, always(0), price);
      expect(kept.units).toBe(Math.ceil(10 * Math.log(1.5 * (price + 1))));
      expect(kept.at).toBe(15);
    }
  });

  it('rise with the price', () => {
    const units = [1, 3, 10, 30, 100].map(
      (price) => unitsToKeep(view({ pool: one, forecast: exponential(10) }), NOON, STEP, always(20), price).units,
    );
    expect(units).toEqual([...units].sort((a, b) => a - b));
    expect(units[0]).toBeLessThan(units[4] as number);
  });

  it('are there for a step at the end of the lead time, and cost nothing until then', () => {
    const rise = certain((ahead) => (ahead >= 16 ? 40 : 5));
    expect(unitsToKeep(view({ pool: one, units: 5, forecast: rise }), NOON, STEP, always(5), 10).units).toBe(40);
    const later = certain((ahead) => (ahead >= 17 ? 40 : 5));
    expect(unitsToKeep(view({ pool: one, units: 5, forecast: later }), NOON, STEP, always(5), 10).units).toBe(5);
  });

  it('are held through a short valley and given up in a long one, by what an hour short costs', () => {
    const valley = (minutes: number) => certain((ahead) => (ahead > minutes ? 20 : 5));
    const kept = (minutes: number, price: number) =>
      unitsToKeep(view({ pool: one, units: 20, forecast: valley(minutes) }), NOON, STEP, always(20), price).units;
    // 3 minutes idle against the 12 after them, of which price 10 makes each worth ten.
    expect(kept(3, 10)).toBe(20);
    // 13 minutes idle against 2 with a demand: worth it at a price of 30 (60), not of 1.
    expect(kept(13, 30)).toBe(20);
    expect(kept(13, 1)).toBe(5);
  });

  it('those that an earlier, smaller order has given up are not there before a lead time is over', () => {
    const soon = certain((ahead) => (ahead <= 10 ? 20 : 5));
    const orders = always(20).map((order, i) => (i === 13 ? { ...order, units: 8 } : order));
    expect(unitsToKeep(view({ pool: one, units: 20, forecast: soon }), NOON, STEP, orders, 10).units).toBe(8);
    expect(unitsToKeep(view({ pool: one, units: 20, forecast: soon }), NOON, STEP, always(20), 10).units).toBe(20);
  });

  it('cover both steps that a lead time between two steps ends in', () => {
    const half = { ...one, leadTimeMs: 2.5 * STEP };
    const at = (wanted: number) => certain((ahead) => (ahead === wanted ? 30 : 5));
    const kept = (wanted: number) => unitsToKeep(view({ pool: half, units: 5, forecast: at(wanted) }), NOON, STEP, [], 10).units;
    expect([2, 3, 4, 5].map(kept)).toEqual([5, 30, 30, 5]);
  });
});

describe('the allocator', () => {
  const create = (options: object = {}) => {
    const allocator = quantileAllocator.create(quantileAllocator.config.parse(options), undefined as never);
    return { allocator, state: allocator.begin() };
  };

  it('names price, chance and time, and says that it has weighed every step', () => {
    const { allocator, state } = create({ prices: { web: 30 } });
    const [proposal] = allocator.allocate(state, input([view({ pool: one, forecast: exponential(10) })]));
    expect(proposal?.settled).toBe(true);
    expect(proposal?.reasons[0]?.text).toMatch(
      /^6\.93\/s expected at 12:\d\d UTC needs 7 units .* at 30 short to 1 idle a unit is worth a chance of 2\.2 % there: unit \d+ has 2\.\d %$/,
    );
  });

  it('with a reactive floor it is never below it, and both reasons stay', () => {
    const { allocator, state } = create({ floor: 'reactive' });
    const [proposal] = allocator.allocate(state, input([view({ actual: 350, forecast: forecast(() => 7, HORIZON) })]));
    expect(proposal?.units).toBe(100);
    expect(proposal?.reasons.map(({ by }) => by)).toEqual(['allocate(quantile)', 'allocate(reactive)']);
  });

  it('remembers what was in force over the lead time, over a restart too, and no longer', () => {
    const { allocator, state } = create();
    const now = certain((ahead) => (ahead === 1 ? 20 : 5));
    const step = (n: number, units: number) =>
      allocator.allocate(
        state,
        input([view({ pool: one, units, forecast: { ...now, origin: NOON + n * STEP } })], { step: NOON + n * STEP }),
      );
    step(0, 8);
    for (let n = 1; n < 14; n++) step(n, 20);
    expect(allocator.decode(allocator.encode(state))).toEqual(state);
    // The 8 of a lead time ago are all that is there now; a minute later all that was ordered since is.
    expect(step(14, 20)[0]?.units).toBe(8);
    expect(step(15, 20)[0]?.units).toBe(20);
    expect(() => allocator.decode(Uint8Array.of(1, 2, 3))).toThrow('is not what it wrote');
  });
});
