import { Fleet } from '@auspex/actuators';
import { SeededRandom } from '@auspex/numerics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oraclePlan } from '../src/index.ts';

const MINUTE = 60_000;

describe('oraclePlan', () => {
  it('orders one lead time ahead and holds what it could not order again', () => {
    const plan = oraclePlan({ demand: [1, 1, 1, 5, 1, 4, 1, 1, 1], leadSteps: 2, min: 1, max: 10 });
    expect([...plan.orders]).toEqual([1, 5, 5, 5, 4, 4, 1, 1, 1]);
    expect([...plan.supply]).toEqual([1, 1, 1, 5, 4, 4, 1, 1, 1]);
    expect([...plan.floor]).toEqual([1, 1, 1, 5, 1, 4, 1, 1, 1]);
  });

  it('keeps the bounds, and needs nothing of a gap', () => {
    const plan = oraclePlan({ demand: [9, Number.NaN, 1], leadSteps: 0, min: 2, max: 5 });
    expect([...plan.supply]).toEqual([5, 2, 2]);
  });

  const demands = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 40 });

  it('laws: a fleet that carries it out is never short and holds just its supply', () => {
    fc.assert(
      fc.property(demands, fc.nat(8), (demand, leadSteps) => {
        const { orders, supply, floor } = oraclePlan({ demand, leadSteps, min: 1, max: 9 });
        const fleet = new Fleet({ initial: orders[0] as number, delay: leadSteps * MINUTE }, new SeededRandom(1));
        for (const [t, need] of demand.entries()) {
          fleet.order(t * MINUTE, orders[t] as number);
          expect(fleet.ready(t * MINUTE)).toBe(supply[t]);
          expect(supply[t]).toBeGreaterThanOrEqual(need);
          expect(supply[t]).toBeGreaterThanOrEqual(floor[t] as number);
        }
      }),
    );
  });

  it('law: one unit less at any step makes it short', () => {
    fc.assert(
      fc.property(demands, fc.nat(6), fc.nat(), (demand, leadSteps, pick) => {
        const { orders } = oraclePlan({ demand, leadSteps, min: 0, max: 9 });
        const at = pick % orders.length;
        const less = orders.with(at, (orders[at] as number) - 1);
        const fleet = new Fleet({ initial: less[0] as number, delay: leadSteps * MINUTE }, new SeededRandom(1));
        const short = demand.some((need, t) => {
          fleet.order(t * MINUTE, less[t] as number);
          return fleet.ready(t * MINUTE) < need;
        });
        // At the very end the shortfall may lie behind the last step.
        const after = at + leadSteps >= demand.length || short;
        expect(after).toBe(true);
      }),
    );
  });
});
