import type { AllocateInput, PoolView } from '@auspex/contracts';
import { LEVELS } from '@auspex/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Claim,
  demandAtLead,
  divide,
  gainOfUnit,
  type Limits,
  quantileAt,
  staticPeakAllocator,
  staticPeakConfig,
  tieredAllocator,
  tieredConfig,
  withinLimits,
} from '../src/index.ts';
import { context } from './context.ts';
import { forecast, input, NOON, pool, view } from './views.ts';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const hold = (units: Record<string, number>, given: AllocateInput) => {
  const allocator = staticPeakAllocator.create(staticPeakConfig.parse({ units }), context);
  return allocator.allocate(allocator.begin(), given);
};
const named = (id: string, over: Partial<PoolView['pool']> = {}, median = 42) =>
  view({ pool: pool({ id, ...over }), forecast: forecast(() => median), groups: [] });

describe('the gain of a unit', () => {
  const steep = named('a');

  it('is the expected demand that it serves, as a share of its planned rate', () => {
    // A sum over 200,000 quantiles stands for the expectation.
    const inUnits = (p: number): number => demandAtLead(steep.forecast, NOON, steep.pool, p) / 3.5;
    const n = 200_000;
    const gain = gainOfUnit(steep, NOON);
    for (const k of [1, 6, 7, 10, 12, 13, 17, 18, 19]) {
      let mean = 0;
      for (let i = 0; i < n; i++) mean += Math.min(Math.max(inUnits((i + 0.5) / n) - (k - 1), 0), 1) / n;
      expect(gain(k)).toBeCloseTo(mean, 6);
    }
    expect(gain(1)).toBeCloseTo(1, 12);
    // .99 x 1.49 x 12 units is the most that the forecast holds possible.
    expect(gain(18)).toBeGreaterThan(0);
    expect(gain(19)).toBe(0);
  });

  it('reads the quantiles at the lead time, of both steps that an order serves', () => {
    const rising = view({ pool: pool({ leadTimeMs: 90_000, unitRate: 1, target: 1 }), forecast: forecast((ahead) => ahead * 2) });
    expect(quantileAt(rising.forecast, 3, 0.5)).toBeCloseTo(6, 9);
    const gain = gainOfUnit(rising, NOON);
    // E[D] of the third step, by the same trapezium: its units add up to it.
    const q = LEVELS.map((level) => quantileAt(rising.forecast, 3, level));
    const ends = [q[0], ...q, q.at(-1)] as number[];
    const levels = [0, ...LEVELS, 1];
    const mean = sum(levels.slice(1).map((p, i) => ((p - (levels[i] as number)) * ((ends[i] as number) + (ends[i + 1] as number))) / 2));
    expect(sum(Array.from({ length: 12 }, (_, i) => gain(i + 1)))).toBeCloseTo(mean, 9);
  });

  it('never rises, lies in 0..1, and pools of unlike measures compare', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 60, noNaN: true }), { minLength: 8, maxLength: 8 }), (values) => {
        const quantiles = Float64Array.from([...values].sort((a, b) => a - b));
        const f = { ...forecast(() => 0, [1]), quantiles };
        const requests = gainOfUnit(view({ pool: pool({ unitRate: 2 }), forecast: f }), NOON);
        const many = { ...f, quantiles: quantiles.map((value) => value * 1e6) };
        const bytes = gainOfUnit(view({ pool: pool({ measure: 'bytes', unitRate: 2e6 }), forecast: many }), NOON);
        for (let k = 1; k < 50; k++) {
          expect(requests(k + 1)).toBeLessThanOrEqual(requests(k) + 1e-12);
          expect(requests(k)).toBeGreaterThanOrEqual(0);
          expect(requests(k)).toBeLessThanOrEqual(1 + 1e-12);
          expect(bytes(k)).toBeCloseTo(requests(k), 9);
        }
      }),
    );
  });
});

interface Row {
  readonly pop: string;
  readonly need: number;
  readonly min: number;
  readonly price: number;
  readonly gains: readonly number[];
}

/** Few levels of gain, so that ties are common; falling. */
const rows = (prices: fc.Arbitrary<number>) =>
  fc.array(
    fc
      .record({
        pop: fc.constantFrom('a', 'b'),
        min: fc.nat(2),
        more: fc.nat(4),
        price: prices,
        importance: fc.constantFrom(0.5, 1, 3),
        gains: fc.array(fc.oneof(fc.constantFrom(0, 0.25, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true })), {
          minLength: 6,
          maxLength: 6,
        }),
      })
      .map(
        ({ pop, min, more, price, importance, gains }): Row => ({
          pop,
          min,
          need: min + more,
          price,
          gains: [...gains].sort((x, y) => y - x).map((gain) => gain * importance),
        }),
      ),
    { minLength: 1, maxLength: 5 },
  );
const claimsOf = (list: readonly Row[]): Claim[] =>
  list.map(({ gains, ...row }, i) => ({ ...row, id: `p${i}`, gain: (k) => gains[k - 1] ?? 0 }));
const popLimits = fc.oneof(fc.constant({}), fc.record({ a: fc.nat(12) }), fc.record({ a: fc.nat(9), b: fc.nat(9) }));

const worth = (list: readonly Row[], units: readonly number[]): number =>
  sum(list.map(({ gains }, i) => sum(gains.slice(0, units[i] as number))));
const cost = (list: readonly Row[], units: readonly number[]): number => sum(list.map(({ price }, i) => price * (units[i] as number)));
const inPop = (list: readonly Row[], units: readonly number[], pop: string): number =>
  sum(list.map((row, i) => (row.pop === pop ? (units[i] as number) : 0)));

/** The best of all divisions that keep minima, needs and limits, by trying every one; minima stand even above a limit. */
function best(list: readonly Row[], { popLimits: pops, budget }: Limits): number {
  const minima = list.map(({ min }) => min);
  const priced = budget?.units === undefined ? list : list.map((row) => ({ ...row, price: 1 }));
  const most = Math.max(budget?.units ?? budget?.money ?? Number.POSITIVE_INFINITY, cost(priced, minima));
  const limit = (pop: string): number =>
    Math.max((pops as Record<string, number>)[pop] ?? Number.POSITIVE_INFINITY, inPop(list, minima, pop));
  let found = Number.NEGATIVE_INFINITY;
  const units: number[] = [];
  const visit = (i: number): void => {
    const row = list[i];
    if (row === undefined) {
      const right = cost(priced, units) <= most + 1e-9 && ['a', 'b'].every((pop) => inPop(list, units, pop) <= limit(pop));
      if (right) found = Math.max(found, worth(list, units));
      return;
    }
    for (let k = row.min; k <= row.need; k++) {
      units[i] = k;
      visit(i + 1);
    }
    units.length = i;
  };
  visit(0);
  return found;
}

function mustBeWithin(list: readonly Row[], units: readonly number[], limits: Limits): void {
  const minima = list.map(({ min }) => min);
  for (const [i, row] of list.entries()) {
    expect(units[i]).toBeGreaterThanOrEqual(row.min);
    expect(units[i]).toBeLessThanOrEqual(row.need);
  }
  for (const [pop, limit] of Object.entries(limits.popLimits)) {
    expect(inPop(list, units, pop)).toBeLessThanOrEqual(Math.max(limit, inPop(list, minima, pop)));
  }
  const { budget } = limits;
  if (budget?.units !== undefined) expect(sum(units)).toBeLessThanOrEqual(Math.max(budget.units, sum(minima)));
  if (budget?.money !== undefined) expect(cost(list, units)).toBeLessThanOrEqual(Math.max(budget.money, cost(list, minima)) + 1e-9);
}

/** Where no unit gives way to another: from the minima on the next unit to whom it is worth most, of all that have room. */
function unitByUnit(claims: readonly Claim[], { popLimits: pops, budget }: Limits): number[] {
  const units = claims.map(({ min }) => min);
  const price = (i: number): number => (budget?.units === undefined && budget?.money !== undefined ? (claims[i] as Claim).price : 1);
  const most = (budget?.units ?? budget?.money ?? Number.POSITIVE_INFINITY) * (1 + 1e-12);
  for (;;) {
    const open = claims.flatMap(({ id, pop, need, gain }, i) => {
      const has = units[i] as number;
      const there = sum(claims.map((claim, j) => (claim.pop === pop ? (units[j] as number) : 0)));
      const spent = sum(claims.map((_, j) => price(j) * (units[j] as number)));
      const room = has < need && there < (pops[pop] ?? Number.POSITIVE_INFINITY) && (price(i) === 0 || spent + price(i) <= most);
      const next = gain(has + 1);
      return room ? [{ i, id, next, perPrice: next <= 0 ? 0 : next / price(i), served: (has + 0.5) / need }] : [];
    });
    const [first] = open.sort((a, b) => b.perPrice - a.perPrice || b.next - a.next || a.served - b.served || (a.id < b.id ? -1 : 1));
    if (!first) return units;
    units[first.i] = (units[first.i] as number) + 1;
  }
}

describe('divide', () => {
  const budgets = fc.oneof(
    fc.constant(undefined),
    fc.nat(30).map((units) => ({ units })),
  );

  it('with equal prices is exactly the optimum of all divisions', () => {
    fc.assert(
      fc.property(rows(fc.constantFrom(1, 2)), popLimits, budgets, (list, pops, budget) => {
        const limits: Limits = budget ? { popLimits: pops, budget } : { popLimits: pops };
        const { units } = divide(claimsOf(list), limits);
        mustBeWithin(list, units, limits);
        expect(worth(list, units)).toBeCloseTo(best(list, limits), 9);
      }),
      { numRuns: 400 },
    );
  });

  it('gives what unit by unit to the highest worth gives, where none gives way', () => {
    const prices = fc.constantFrom(0.5, 1, 2, 4);
    const limits: fc.Arbitrary<Limits> = fc.oneof(
      fc.record({ popLimits: popLimits, budget: fc.nat(30).map((units) => ({ units })) }),
      fc.record({ popLimits: popLimits }),
      fc.record({ popLimits: fc.constant({}), budget: fc.nat(60).map((money) => ({ money })) }),
    );
    fc.assert(
      fc.property(rows(prices), limits, (list, within) => {
        const claims = claimsOf(list);
        expect(divide(claims, within).units).toEqual(unitByUnit(claims, within));
      }),
      { numRuns: 1000 },
    );
  });

  it('asks for the gain of each unit once, and of each claim in turn', () => {
    let asked = 0;
    const claims = Array.from({ length: 300 }, (_, i): Claim => {
      const gain = (k: number): number => {
        asked++;
        return 1 / (k + i);
      };
      return { id: `p${i}`, pop: `pop${i % 3}`, need: 100, min: 0, price: 1, gain };
    });
    expect(sum(divide(claims, { popLimits: { pop0: 2_000 }, budget: { units: 15_000 } }).units)).toBe(15_000);
    expect(asked).toBeLessThanOrEqual(300 + 15_000);
  });

  it('with one price a budget of money is one of units', () => {
    fc.assert(
      fc.property(rows(fc.constant(0.1)), popLimits, fc.nat(30), (list, pops, units) => {
        const bought = divide(claimsOf(list), { popLimits: pops, budget: { money: units / 10 } }).units;
        expect(bought).toEqual(divide(claimsOf(list), { popLimits: pops, budget: { units } }).units);
      }),
    );
  });

  it("with unequal prices is less than one unit's gain below the optimum, also inside POP limits", () => {
    const prices = fc.constantFrom(0, 0.5, 1, 1.7, 3, 8);
    fc.assert(
      fc.property(rows(prices), popLimits, fc.double({ min: 0, max: 60, noNaN: true }), (list, pops, money) => {
        const limits: Limits = { popLimits: pops, budget: { money } };
        const { units } = divide(claimsOf(list), limits);
        mustBeWithin(list, units, limits);
        const one = Math.max(0, ...list.map((row) => row.gains[row.min] ?? 0));
        expect(worth(list, units)).toBeGreaterThanOrEqual(best(list, limits) - one - 1e-9);
      }),
      { numRuns: 2000 },
    );
  });

  it('a dearer unit that serves more takes the place of a cheap one in a full POP (greedy by gain per price alone would not)', () => {
    const row = { pop: 'a', need: 1, min: 0 };
    const claims: Claim[] = [
      { ...row, id: 'cheap', price: 0.1, gain: () => 1 },
      { ...row, id: 'dear', price: 1, gain: () => 5 },
    ];
    expect(divide(claims, { popLimits: { a: 1 }, budget: { money: 10 } }).units).toEqual([0, 1]);
    expect(divide(claims, { popLimits: { a: 1 }, budget: { money: 0.5 } }).units).toEqual([1, 0]);
  });

  it('more budget never gives a claim less, whatever the claims; the order of the claims does not matter', () => {
    fc.assert(
      fc.property(rows(fc.constant(1)), popLimits, fc.nat(30), (list, pops, units) => {
        const claims = claimsOf(list);
        const now = divide(claims, { popLimits: pops, budget: { units } }).units;
        const more = divide(claims, { popLimits: pops, budget: { units: units + 1 } }).units;
        for (const [i, part] of now.entries()) expect(more[i]).toBeGreaterThanOrEqual(part);
        expect(divide([...claims].reverse(), { popLimits: pops, budget: { units } }).units).toEqual([...now].reverse());
      }),
      { numRuns: 300 },
    );
  });

  it('leaves nothing lying that a claim needs and the limits allow', () => {
    fc.assert(
      fc.property(rows(fc.constantFrom(1, 2)), popLimits, fc.nat(30), (list, pops, money) => {
        const claims = claimsOf(list);
        const { units, popFull, budgetFull } = divide(claims, { popLimits: pops, budget: { money } });
        for (const [i, { need }] of claims.entries()) {
          if ((units[i] as number) < need) expect(popFull(i) || budgetFull(i)).toBe(true);
        }
      }),
    );
  });

  it('shares what nobody is expected to need by what is served least, then by id', () => {
    const zero = { pop: 'a', min: 0, price: 1, gain: () => 0 };
    const claims: Claim[] = [
      { ...zero, id: 'b', need: 10 },
      { ...zero, id: 'a', need: 10 },
      { ...zero, id: 'c', need: 30 },
    ];
    expect(divide(claims, { popLimits: {}, budget: { units: 25 } }).units).toEqual([5, 5, 15]);
    expect(divide(claims.slice(0, 2), { popLimits: {}, budget: { units: 1 } }).units).toEqual([0, 1]);
  });

  it('divides a large fleet in no time', () => {
    const big = Array.from({ length: 40 }, (_, i): Claim => {
      const gain = gainOfUnit(named(`p${i}`, {}, 3000 + i), NOON);
      return { id: `p${i}`, pop: `pop${i % 4}`, need: 1000, min: 1, price: 1 + (i % 3), gain };
    });
    const begun = performance.now();
    const { units } = divide(big, { popLimits: { pop0: 3000 }, budget: { money: 40_000 } });
    expect(sum(units.map((count, i) => count * (1 + (i % 3))))).toBeLessThanOrEqual(40_000);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});

describe('withinLimits under a budget', () => {
  it('gives the next unit to the highest importance x expected served demand, and says so', () => {
    const pools = [named('bulk', { importanceOf: (group) => (group === 'gold' ? 9 : 1) }), named('pay', { importance: 5, pop: 'FRA' })].map(
      (entry, i) =>
        i > 0
          ? entry
          : {
              ...entry,
              groups: ['gold', 'free'].map((group, g) => ({
                surge: {
                  group,
                  pop: 'ATL',
                  score: 0,
                  probability: 0,
                  expected: 0,
                  actual: 0,
                  deviation: 0,
                  eventImpact: 0,
                  contributions: [],
                },
                expectedAtLead: g === 0 ? 14 : 28,
              })),
            },
    );
    const allocator = tieredAllocator.create(tieredConfig.parse({}), context);
    const proposals = allocator.allocate(allocator.begin(), input(pools, { budget: { units: 18 } }));
    // Pay's 12th unit still serves .55 of one: five times that is more than any of bulk's.
    expect(proposals.map((proposal) => proposal.units)).toEqual([6, 12]);
    expect(proposals[0]?.reasons.at(-1)).toEqual({
      by: 'allocate(tiered)',
      units: 6,
      text: 'capped by the budget of 18 units: 6 of 12; covers gold 100 %, free 25 %',
    });
    expect(proposals[1]?.reasons).toHaveLength(1);
    const slightly = pools.map((entry, i) => ({ ...entry, pool: { ...entry.pool, importance: i === 0 ? 1 : 1.2 } }));
    // No strict order: 1.2 x a unit that is rarely needed is worth less than one that is always.
    const shared = allocator.allocate(allocator.begin(), input(slightly, { budget: { units: 18 } })).map((proposal) => proposal.units);
    expect(shared).toEqual([8, 10]);
  });

  it('buys by gain per price with money, and says what an hour may cost', () => {
    const pools = [named('cheap', { price: 0.5 }), named('dear', { price: 2 })];
    const proposals = hold({ cheap: 12, dear: 12 }, input(pools, { budget: { money: 12.5 } }));
    expect(proposals.map((proposal) => proposal.units)).toEqual([12, 3]);
    expect(proposals[1]?.reasons.at(-1)?.text).toBe('capped by the budget of 12.5 an hour: 3 of 12');
  });

  it('names every limit that is in the way, and the one of the POP alone where the budget is not', () => {
    const pools = [named('a'), named('b'), named('far', { pop: 'FRA' })];
    const both = hold({ a: 12, b: 12, far: 12 }, input(pools, { popLimits: { ATL: 10 }, budget: { units: 20 } }));
    expect(both.map((proposal) => proposal.units)).toEqual([5, 5, 10]);
    expect(both[0]?.reasons.at(-1)?.text).toBe('capped by the limit of POP ATL and the budget of 20 units: 5 of 12');
    expect(both[2]?.reasons.at(-1)?.text).toBe('capped by the budget of 20 units: 10 of 12');
    const alone = hold({ a: 12, b: 12, far: 12 }, input(pools, { popLimits: { ATL: 10 }, budget: { units: 24 } }));
    expect(alone.map((proposal) => proposal.units)).toEqual([5, 5, 12]);
    expect(alone[0]?.reasons.at(-1)?.text).toBe('capped by the limit of POP ATL: 5 of 12');
  });

  it('lets minima stand that exceed the budget, and says so also where nothing is capped', () => {
    const pools = [named('a', { min: 4, price: 2 }), named('b', { min: 3 })];
    const few = hold({ a: 9, b: 3 }, input(pools, { budget: { units: 5 } }));
    expect(few.map((proposal) => proposal.units)).toEqual([4, 3]);
    expect(few[0]?.reasons.at(-1)?.text).toBe(
      "capped by the budget of 5 units: 4 of 9 (the pools' minima, 7 together, exceed the budget of 5 units; minima stand)",
    );
    expect(few[1]?.reasons.at(-1)).toMatchObject({
      units: 3,
      text: "the pools' minima, 7 together, exceed the budget of 5 units; minima stand",
    });
    const money = hold({ a: 4, b: 3 }, input(pools, { budget: { money: 10.5 } }));
    expect(money[0]?.reasons.at(-1)?.text).toBe("the pools' minima, 11 together, exceed the budget of 10.5 an hour; minima stand");
    const enough = hold({ a: 4, b: 3 }, input(pools, { budget: { money: 11 } }));
    expect(enough[0]?.reasons).toHaveLength(1);
  });

  it('gives nobody more than its need, and nobody less where all fits', () => {
    const needs = [3, 0].map((units, i) => ({
      view: named(`p${i}`, { min: 0 }),
      units,
      tier: 'none' as const,
      reasons: [{ by: 'x', units, text: 'x' }],
      weights: [],
    }));
    expect(withinLimits('x', needs, { step: NOON, popLimits: {}, budget: { units: 100 } }).map(({ units }) => units)).toEqual([3, 0]);
    expect(withinLimits('x', needs, { step: NOON, popLimits: {}, budget: { units: 2 } }).map(({ units }) => units)).toEqual([2, 0]);
  });

  it('laws: inside the budget, or at the minima; more budget, never less', () => {
    const row = fc.record({
      min: fc.nat(3),
      span: fc.nat(20),
      median: fc.nat(80),
      importance: fc.constantFrom(1, 2, 9),
      here: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 60 }), fc.nat(25), (list, units, limit) => {
        const pools = list.map((entry, i) =>
          named(
            `p${i}`,
            { min: entry.min, max: entry.min + entry.span, importance: entry.importance, pop: entry.here ? 'ATL' : 'FRA' },
            entry.median,
          ),
        );
        const ask = (budget: number): number[] =>
          hold({}, input(pools, { budget: { units: budget }, popLimits: { ATL: limit } })).map((proposal) => proposal.units);
        const now = ask(units);
        const more = ask(units + 1);
        expect(sum(now)).toBeLessThanOrEqual(Math.max(units, sum(list.map((entry) => entry.min))));
        for (const [i, part] of now.entries()) expect(more[i]).toBeGreaterThanOrEqual(part);
      }),
    );
  });
});
