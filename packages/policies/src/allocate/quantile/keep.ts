import type { PoolView } from '@auspex/contracts';
import type { Orders } from './state.ts';
import { chanceAt } from './survival.ts';

/**
 * How much more a chance counts at the far end of the lead time than it says. A unit that is kept for later can still be given up when
 * later looks otherwise; one that is given up now cannot be had before a lead time is over. Of 1, 1.5 and 2
 * this cost least on the public traces that were tried, three at a lead time of 3 minutes and two at 15.
 */
const OPTION = 1.5;

/** What decided how many units are kept. */
export interface Kept {
  readonly units: number;
  /** The step for which the last of them is kept, steps after the decision; and the chance that it is needed then. */
  readonly at: number;
  readonly chance: number;
  /** The chance above which a unit is worth having in that step. */
  readonly worthwhile: number;
}

/**
 * Units to hold, each judged by itself: the j-th is worth (price + 1) x P(it is needed) - 1 in a step in which it is there, hours short
 * against hours idle (the newsvendor's marginal unit). It is kept where the sum of that, over the steps from now until some step of the
 * lead time, is positive: given up now it comes back only after a lead time, and what an order of now adds is there only then. A unit
 * that earlier orders have not called for is not there before the lead time is over, and costs nothing until then.
 *
 * @param step the decision's, epoch ms
 * @param orders units in force in the steps before, oldest first; without any, what is in force now always was
 */
export function unitsToKeep(view: PoolView, step: number, stepMs: number, orders: Orders, price: number): Kept {
  const { pool, forecast } = view;
  const perUnit = pool.unitRate * pool.target;
  const lead = pool.leadTimeMs / stepMs;
  const first = Math.max(0, Math.floor(lead));
  // Where the lead time ends inside a step, its order has to serve that step and the next.
  const last = Number.isInteger(lead) ? first : first + 1;
  const origin = (step - forecast.origin) / stepMs + 1;
  const optionAt = (k: number): number => (last === 0 ? 1 : 1 + ((OPTION - 1) * k) / last);
  const gain = (k: number, unit: number): { chance: number; worth: number } => {
    const chance = chanceAt(forecast, origin + k, (unit - 1) * perUnit);
    const option = optionAt(k);
    return { chance, worth: (price + 1) * Math.min(1, chance * option) - 1 };
  };
  const there = available(view, step, stepMs, orders, first, last);
  const keptFor = (units: number, at: number, chance: number): Kept => ({
    units,
    at,
    chance,
    worthwhile: 1 / ((price + 1) * optionAt(at)),
  });
  const keep = (unit: number): Kept | undefined => {
    let sum = 0;
    for (let k = 0; k <= last; k++) {
      if ((there[k] as number) < unit) continue;
      const { chance, worth } = gain(k, unit);
      sum += worth;
      if (sum > 0) return keptFor(unit, k, chance);
    }
    return undefined;
  };
  // Of units that are there in the same steps none is worth more than the one before, so each such range is halved. From range to range it is not so:
  // a unit that is there in fewer steps is spared idle ones.
  let top = mostWorth(pool.max, last, gain);
  const ranges = [...new Set(there)].filter((units) => units < top).sort((a, b) => b - a);
  for (const below of [...ranges, 0]) {
    const unit = highest(below, top, (each) => keep(each) !== undefined);
    if (unit > below) return keep(unit) as Kept;
    top = below;
  }
  return keptFor(0, first, chanceAt(forecast, origin + first, 0));
}

/** Most units that are there in each step to come, by the orders so far: the least of those in force over a lead time before it. */
function available({ units }: PoolView, step: number, stepMs: number, orders: Orders, first: number, last: number): number[] {
  return Array.from({ length: last + 1 }, (_, k) => {
    if (k >= first) return Number.POSITIVE_INFINITY;
    const from = step + (k - last) * stepMs;
    return orders.reduce((least, order) => (order.step >= from && order.step < step ? Math.min(least, order.units) : least), units);
  });
}

/** The highest unit that is worth its price in some step by itself: none above it can be. */
function mostWorth(max: number, last: number, gain: (k: number, unit: number) => { worth: number }): number {
  let most = 0;
  for (let k = 0; k <= last; k++) most = highest(most, max, (unit) => gain(k, unit).worth > 0);
  return most;
}

/** The highest of the units above `below` and up to `top` for which something holds that, where it does not hold for one, holds for none above it; else `below`. */
function highest(below: number, top: number, holds: (unit: number) => boolean): number {
  let [low, high] = [below, top + 1];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}
