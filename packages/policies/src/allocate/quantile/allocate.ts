import type { AllocateInput, Allocator, PoolView, Tier } from '@auspex/contracts';
import { clockTime, percent, rate, units } from '../../text.ts';
import { quantileAt } from '../at-lead.ts';
import { withinLimits } from '../importance/limits.ts';
import type { Need } from '../importance/need.ts';
import { reactiveNeeds } from '../reactive/allocate.ts';
import { raiseToFloor } from '../reactive/floor.ts';
import { unitsFor } from '../units.ts';
import type { QuantileOptions } from './config.ts';
import { type Kept, unitsToKeep } from './keep.ts';
import { decodeQuantile, encodeQuantile, type QuantileState } from './state.ts';

const BY = 'allocate(quantile)';
/** Head-room over the expected demand from which a tier is named, as in the seed. */
const TIERS: readonly (readonly [factor: number, name: Tier])[] = [
  [1.5, 'aggressive'],
  [1.2, 'moderate'],
];

/**
 * The newsvendor's units (Arrow, Harris & Marschak 1951) for a fleet with a lead time: a price for an hour short against an hour idle
 * says which chance of being needed makes a unit worth keeping, at the lead time and in every step until then (`unitsToKeep`).
 */
export function quantile(options: QuantileOptions): Allocator<QuantileState> {
  return {
    begin: () => ({ orders: new Map(), reactive: new Map() }),
    allocate: (state, input) => withinLimits(BY, needs(state, input, options), input),
    encode: encodeQuantile,
    decode: decodeQuantile,
  };
}

function needs(state: QuantileState, input: AllocateInput, options: QuantileOptions): Need[] {
  const foreseen = input.pools.map((view) => foresee(state, view, input, options));
  if (options.floor === 'none') return foreseen;
  const floors = reactiveNeeds(state.reactive, input, options.reactive);
  return foreseen.map((need, i) => raiseToFloor(need, floors[i] as Need));
}

function foresee(state: QuantileState, view: PoolView, { step, stepMs }: AllocateInput, options: QuantileOptions): Need {
  const { pool } = view;
  const price = options.prices[pool.id] ?? options.price;
  // What is in force now was ordered a step ago. A step that is asked again replaces its own.
  const before = (state.orders.get(pool.id) ?? []).filter(
    (order) => order.step >= step - pool.leadTimeMs - 2 * stepMs && order.step < step - stepMs,
  );
  const orders = [...before, { step: step - stepMs, units: view.units }];
  state.orders.set(pool.id, orders);
  const kept = unitsToKeep(view, step, stepMs, orders, price);
  return {
    view,
    units: kept.units,
    tier: tierOf(view, step, stepMs, kept),
    settled: true,
    reasons: [{ by: BY, units: kept.units, text: textOf(view, step, stepMs, price, kept) }],
    weights: view.groups.map(({ expectedAtLead }) => expectedAtLead),
  };
}

/** The demand for which the units are kept: the median of that step. */
function expectedAt({ forecast }: PoolView, step: number, stepMs: number, at: number): number {
  return quantileAt(forecast, (step - forecast.origin) / stepMs + 1 + at, 0.5);
}

function tierOf(view: PoolView, step: number, stepMs: number, { units: count, at }: Kept): Tier {
  const base = Math.max(1, unitsFor(expectedAt(view, step, stepMs, at), view.pool));
  return TIERS.find(([factor]) => count >= factor * base)?.[1] ?? 'none';
}

function textOf(view: PoolView, step: number, stepMs: number, price: number, { units: count, at, chance, worthwhile }: Kept): string {
  const { pool, forecast } = view;
  const expected = expectedAt(view, step, stepMs, at);
  const source = forecast.fallback === undefined ? '' : ` (by ${forecast.by}, a fallback: ${forecast.fallback})`;
  const when = clockTime(step + at * stepMs);
  const base = `${rate(expected, pool.measure)} expected at ${when}${source} needs ${units(unitsFor(expected, pool))} at ${percent(pool.target)} of ${rate(pool.unitRate, pool.measure)}`;
  const worth = `at ${price} short to 1 idle a unit is worth a chance of ${fine(worthwhile)} there`;
  return count === 0
    ? `${base}; ${worth}: none has it`
    : `${base}; ${worth}: unit ${count} has ${fine(chance)}${chance < worthwhile ? ', and more before' : ''}`;
}

/** With a digit where whole percents would hide which is more. */
function fine(chance: number): string {
  return chance < 0.2 ? `${(100 * chance).toFixed(1)} %` : percent(chance);
}
