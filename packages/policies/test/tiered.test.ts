import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  demandAtLead,
  quantileAt,
  staticPeakAllocator,
  staticPeakConfig,
  stepsAhead,
  tieredAllocator,
  tieredConfig,
  tierOf,
} from '../src/index.ts';
import { context } from './context.ts';
import { forecast, input, NOON, pool, STEP, surge, view } from './views.ts';

const create = (options: object = {}) => tieredAllocator.create(tieredConfig.parse(options), context);
const one = (over: Parameters<typeof view>[0], options: object = {}) => {
  const allocator = create(options);
  return allocator.allocate(allocator.begin(), input([view(over)]))[0];
};
const groups = (...rows: [string, number, number][]) =>
  rows.map(([name, probability, expectedAtLead]) => ({ surge: surge(name, probability), expectedAtLead }));

describe('tiered allocator', () => {
  it.each([
    [0, 12, 'none'],
    [0.3, 12, 'none'],
    [0.31, 15, 'moderate'],
    [0.7, 15, 'moderate'],
    [0.71, 18, 'aggressive'],
    [1, 18, 'aggressive'],
  ])('seed formula: probability %d -> %i units, %s', (probability, units, tier) => {
    const proposal = one({ groups: groups(['x', probability, 42]) });
    expect(proposal).toMatchObject({ units, tier });
  });

  it('says why, with figures', () => {
    expect(one({ groups: groups(['x', 0.83, 42]) })?.reasons.map((reason) => reason.text)).toEqual([
      '42.0/s expected at 12:15 UTC needs 12 units at 70 % of 5.00/s; surge probability 0.83 of group x -> x1.5 -> 18',
    ]);
  });

  it('lets each group of a pool take its own factor by its share', () => {
    // 3/4 at 1.5, 1/4 at 1: 42 x 1.375 / 3.5 = 16.5 -> 17.
    const proposal = one({ groups: groups(['a', 0.9, 30], ['b', 0, 10]) });
    expect(proposal).toMatchObject({ units: 17, tier: 'aggressive' });
    expect(proposal?.reasons[0]?.text).toContain(
      'surge probability 0.90 of group a: its 75 % of the demand takes x1.5; over 2 groups x1.38 -> 17',
    );
    // Below one per cent a group does not name the tier.
    expect(one({ groups: groups(['a', 0.9, 0.3], ['b', 0.4, 40]) })?.tier).toBe('moderate');
  });

  it('allocates without groups, and with groups of which nothing is expected', () => {
    expect(one({ groups: [] })).toMatchObject({ units: 12, tier: 'none' });
    expect(one({ groups: groups(['a', 0.9, 0]) })).toMatchObject({ units: 18, tier: 'aggressive' });
  });

  it('names a fallback forecast', () => {
    expect(one({ forecast: forecast(() => 42, [1, 24], { fallback: 'too little history' }) })?.reasons[0]?.text).toContain(
      'a fallback: too little history',
    );
  });

  it('does not compound: ten cycles of the same surge order the same units', () => {
    const allocator = create({ floor: 'reactive' });
    const state = allocator.begin();
    let units = 12;
    const orders: number[] = [];
    for (let cycle = 0; cycle < 10; cycle++) {
      const step = NOON + cycle * STEP;
      const own = view({ units, actual: 42, forecast: forecast(() => 42, [1, 24], { origin: step }), groups: groups(['x', 0.9, 42]) });
      units = allocator.allocate(state, input([own], { step }))[0]?.units as number;
      orders.push(units);
    }
    expect(orders).toEqual(Array(10).fill(18));
  });

  it('never goes below the reactive policy with floor: reactive, and shows both', () => {
    const proposal = one({ actual: 70, units: 10 }, { floor: 'reactive' });
    expect(proposal?.units).toBe(20);
    expect(proposal?.reasons.map((reason) => reason.by)).toEqual(['allocate(tiered)', 'allocate(reactive)']);
    expect(proposal?.reasons[1]?.text).toContain('raised from 12 to this floor');
    expect(one({ actual: 20, units: 6 }, { floor: 'reactive' })?.reasons[1]?.text).toContain('below what is foreseen');
    expect(one({ actual: 70, units: 10 })?.units).toBe(12);
  });

  it('keeps its floor over a restart', () => {
    const allocator = create({ floor: 'reactive' });
    const state = allocator.begin();
    allocator.allocate(state, input([view({ actual: 70 })]));
    const next = input([view({ actual: 35, units: 20 })], { step: NOON + STEP });
    expect(allocator.allocate(allocator.decode(allocator.encode(state)), next)[0]?.units).toBe(20);
  });

  it('reads the step in service when an order of now is ready', () => {
    const f = forecast((ahead) => ahead * 10);
    expect(stepsAhead(f, NOON, { leadTimeMs: 15 * STEP })).toBe(16);
    expect(stepsAhead(f, NOON, { leadTimeMs: 1.5 * STEP })).toBe(2);
    expect(stepsAhead(f, NOON, { leadTimeMs: 0 })).toBe(1);
    expect(stepsAhead(f, NOON + 2 * STEP, { leadTimeMs: 0 })).toBe(3);
    expect(demandAtLead(f, NOON, { leadTimeMs: 2 * STEP }, 0.5)).toBeCloseTo(30, 9);
    expect(demandAtLead(f, NOON, { leadTimeMs: 1.5 * STEP }, 0.5)).toBeCloseTo(30, 9);
    expect(quantileAt(f, 3, 0.5)).toBeCloseTo(30, 9);
    expect(quantileAt(f, 12, 0.5)).toBeCloseTo(120, 9);
    expect(quantileAt(f, 99, 0.5)).toBeCloseTo(240, 9);
    expect(quantileAt(f, 1, 0.6)).toBeCloseTo(11, 9);
    expect(quantileAt(f, 1, 0.01)).toBeCloseTo(5.5, 9);
    expect(quantileAt(f, 1, 0.999)).toBeCloseTo(14.9, 9);
    expect(one({ forecast: f }, { leadQuantile: 0.9 })?.reasons[0]?.text).toContain('224/s expected (quantile 0.9)');
  });

  it('shares a POP limit by importance and says so', () => {
    const allocator = create();
    const critical = view({ pool: pool({ id: 'pay', importance: 5 }) });
    const bulk = view({
      pool: pool({ id: 'bulk', importanceOf: (group) => (group === 'gold' ? 9 : 1) }),
      groups: groups(['gold', 0, 14], ['free', 0, 28]),
    });
    const elsewhere = view({ pool: pool({ id: 'far', pop: 'FRA' }) });
    const proposals = allocator.allocate(allocator.begin(), input([bulk, critical, elsewhere], { popLimits: { ATL: 18 } }));
    expect(proposals.map((proposal) => proposal.units)).toEqual([6, 12, 12]);
    expect(proposals[0]?.reasons.at(-1)).toEqual({
      by: 'allocate(tiered)',
      units: 6,
      text: 'capped by the limit of POP ATL: 6 of 12; covers gold 100 %, free 25 %',
    });
    expect(proposals[1]?.reasons).toHaveLength(1);
  });

  it('keeps minima where a limit contradicts them', () => {
    const allocator = create();
    const pools = ['a', 'b'].map((id) => view({ pool: pool({ id, min: 4 }) }));
    const proposals = allocator.allocate(allocator.begin(), input(pools, { popLimits: { ATL: 5 } }));
    expect(proposals.map((proposal) => proposal.units)).toEqual([4, 4]);
    expect(proposals[0]?.reasons.at(-1)?.text).toContain("the pools' minima, 8 together, exceed the limit 5; minima stand");
  });

  it('says what a capped pool still covers, group by group', () => {
    const own = pool({ max: 7, importanceOf: (group) => (group === 'critical' ? 2 : 1) });
    const proposal = one({ pool: own, groups: groups(['bulk', 0, 29.4], ['critical', 0, 12.6]) });
    expect(proposal?.units).toBe(7);
    expect(proposal?.reasons.at(-1)?.text).toBe("capped by the pool's maximum: 7 of 12; covers critical 100 %, bulk 40 %");
    const many = groups(...Array.from({ length: 7 }, (_, i): [string, number, number] => [`g${i}`, 0, 6]));
    expect(one({ pool: own, groups: many })?.reasons.at(-1)?.text).toContain('and 2 less important groups');
    expect(one({ pool: own, groups: [] })?.reasons.at(-1)?.text).toBe("capped by the pool's maximum: 7 of 12");
    expect(one({ pool: pool({ min: 30 }) })?.reasons.at(-1)?.text).toBe("raised to the pool's minimum: 30 units");
  });

  it('laws: whole units inside the bounds, with a reason, rising with probability', () => {
    const probability = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        probability,
        probability,
        fc.double({ min: 0, max: 5000, noNaN: true }),
        fc.nat(20),
        fc.nat(200),
        (p, q, demand, min, span) => {
          const own = pool({ min, max: min + span });
          const ask = (x: number) =>
            one({ pool: own, forecast: forecast(() => demand), groups: groups(['a', x, 1], ['b', 0.5, 2]) }, { floor: 'reactive' });
          const low = ask(Math.min(p, q));
          const high = ask(Math.max(p, q));
          for (const proposal of [low, high]) {
            expect(Number.isInteger(proposal?.units)).toBe(true);
            expect(proposal?.units).toBeGreaterThanOrEqual(own.min);
            expect(proposal?.units).toBeLessThanOrEqual(own.max);
            expect(proposal?.reasons.length).toBeGreaterThan(0);
          }
          expect(low?.units).toBeLessThanOrEqual(high?.units as number);
        },
      ),
    );
  });

  it('has strict options with rising tiers', () => {
    expect(
      tieredConfig.safeParse({
        tiers: [
          { above: 0.7, factor: 2, name: 'a' },
          { above: 0.3, factor: 2, name: 'b' },
        ],
      }).success,
    ).toBe(false);
    expect(tieredConfig.safeParse({ tier: [] }).success).toBe(false);
    expect(tierOf(tieredConfig.parse({}).tiers, 0.7)).toBe(0);
  });
});

describe('static-peak allocator', () => {
  it.each([
    [{ units: 7 }, 7, 'holds 7 units, as set'],
    [{ units: { web: 1 } }, 1, 'holds 1 unit, as set'],
    [{ units: { other: 3 } }, 50, "holds the pool's maximum, 50 units"],
    [{}, 50, "holds the pool's maximum, 50 units"],
  ])('%j holds %i', (options, units, text) => {
    const allocator = staticPeakAllocator.create(staticPeakConfig.parse(options), context);
    const state = allocator.decode(allocator.encode(allocator.begin()));
    const [proposal] = allocator.allocate(state, input([view({ pool: pool({ max: 50 }) })]));
    expect(proposal).toMatchObject({ units, tier: 'none', reasons: [{ text }] });
  });
});
