import { LEVELS, type PoolView } from '@auspex/contracts';
import { SeededRandom } from '@auspex/numerics';
import { expect, it } from 'vitest';
import { chanceAt, type Kept, type Orders, unitsToKeep } from '../src/index.ts';
import { forecast, NOON, pool, STEP, view } from './views.ts';

const OPTION = 1.5;

/** The definition of `unitsToKeep`, unit by unit from the most that the pool may have: what it must give, whatever it looks at. */
function keptByScan(
  { pool: { unitRate, target, leadTimeMs, max }, units, forecast: given }: PoolView,
  orders: Orders,
  price: number,
): Kept {
  const lead = leadTimeMs / STEP;
  const first = Math.max(0, Math.floor(lead));
  const last = Number.isInteger(lead) ? first : first + 1;
  const option = (k: number): number => (last === 0 ? 1 : 1 + ((OPTION - 1) * k) / last);
  const there = (k: number): number =>
    k >= first
      ? Number.POSITIVE_INFINITY
      : Math.min(units, ...orders.filter(({ step }) => step >= NOON + (k - last) * STEP && step < NOON).map((order) => order.units));
  const kept = (count: number, at: number, chance: number): Kept => ({
    units: count,
    at,
    chance,
    worthwhile: 1 / ((price + 1) * option(at)),
  });
  for (let unit = max; unit > 0; unit--) {
    let sum = 0;
    for (let k = 0; k <= last; k++) {
      if (there(k) < unit) continue;
      const chance = chanceAt(given, 1 + k, (unit - 1) * (unitRate * target));
      sum += (price + 1) * Math.min(1, chance * option(k)) - 1;
      if (sum > 0) return kept(unit, k, chance);
    }
  }
  return kept(0, first, chanceAt(given, 1 + first, 0));
}

it('gives what a scan of all units gives: bursts, valleys, demand that is certain, orders that went up and down', () => {
  const random = new SeededRandom('keep');
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
  const kept = new Set<number>();
  for (let trial = 0; trial < 1_000; trial++) {
    const horizon = pick([
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      [1, 2, 4, 8],
    ]);
    const size = pick([1, 20, 150]);
    const certain = random.below(4) === 0;
    const quantiles = Float64Array.from(
      horizon.flatMap(() => {
        const level = random.below(3) === 0 ? size * random.next() : (size * random.next()) / 10;
        // Whole numbers are often alike: there the chance falls at once.
        const spread = LEVELS.map(() => (certain ? level : pick([level * (1 + 3 * random.next()), Math.round(2 * level)])));
        return spread.sort((a, b) => a - b);
      }),
    );
    const leadTimeMs = pick([0, 0.5, 1, 3, 4.5, 8]) * STEP;
    const orders = Array.from({ length: random.below(5) === 0 ? 0 : 9 }, (_, i) => ({
      step: NOON - (9 - i) * STEP,
      units: random.below(3) === 0 ? 0 : random.below(size + 5),
    }));
    const given = view({
      pool: pool({ unitRate: pick([1, 3]), target: pick([1, 0.7]), leadTimeMs, max: pick([5, 60, 300]) }),
      units: random.below(size + 5),
      forecast: forecast(() => 0, horizon, { quantiles }),
    });
    const price = pick([0.3, 2, 10, 60]);
    const found = unitsToKeep(given, NOON, STEP, orders, price);
    expect(found).toEqual(keptByScan(given, orders, price));
    kept.add(found.units);
  }
  expect(kept.size).toBeGreaterThan(50);
});

it('looks at few of a hundred thousand units', () => {
  let asked = 0;
  const quantiles = new Proxy(
    Float64Array.from({ length: 16 * LEVELS.length }, (_, i) => 10 * (i % LEVELS.length)),
    {
      get: (of, index) => {
        asked++;
        return Reflect.get(of, index);
      },
    },
  );
  // A burst for which none is worth its idle steps, and orders that fell a little with each step.
  const horizon = Array.from({ length: 16 }, (_, i) => i + 1);
  for (let column = 0; column < LEVELS.length; column++) quantiles[8 * LEVELS.length + column] = 100_000;
  const own = pool({ unitRate: 1, target: 1, leadTimeMs: 15 * STEP, max: 100_000 });
  const orders = Array.from({ length: 15 }, (_, i) => ({ step: NOON - (15 - i) * STEP, units: 99_000 - 1_000 * i }));
  const given = view({ pool: own, units: 80_000, forecast: forecast(() => 0, horizon, { quantiles }) });
  expect(unitsToKeep(given, NOON, STEP, orders, 2).units).toBeLessThan(1_000);
  expect(asked).toBeLessThan(1_000_000);
});
