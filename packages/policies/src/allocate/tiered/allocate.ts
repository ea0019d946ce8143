import type { AllocateInput, Allocator, PoolView } from '@auspex/contracts';
import { clockTime, percent, rate, units } from '../../text.ts';
import { demandAtLead } from '../at-lead.ts';
import { withinLimits } from '../importance/limits.ts';
import type { Need } from '../importance/need.ts';
import { reactiveNeeds } from '../reactive/allocate.ts';
import { raiseToFloor } from '../reactive/floor.ts';
import { decodeReactive, encodeReactive, type ReactiveState } from '../reactive/state.ts';
import { unitsFor } from '../units.ts';
import type { TieredOptions } from './config.ts';
import { type GroupFactor, groupFactors } from './tiers.ts';

const BY = 'allocate(tiered)';
/** A group with a smaller share of the expected demand takes its factor but does not name the pool's tier. */
const NAMES_TIER = 0.01;

/**
 * The seed's tiers on what is expected, never on what is there:
 *
 *     units = ceil(D x sum over groups (share x factor) / (unitRate x target))
 *
 * D is the quantile `leadQuantile` of the pool's forecast for the step (or two) that an order of now has to serve. A
 * group's share is its part of the demand expected then, its factor that of its own surge probability. With one group
 * this is the seed's ceil(factor x units for the expected demand). Current units do not enter, so that cycles cannot
 * compound. With `floor: 'reactive'` the pool gets at least what the reactive policy asks for.
 */
export function tiered(options: TieredOptions): Allocator<ReactiveState> {
  return {
    begin: () => new Map(),
    allocate: (state, input) => withinLimits(BY, needs(state, input, options), input),
    encode: encodeReactive,
    decode: decodeReactive,
  };
}

function needs(state: ReactiveState, input: AllocateInput, options: TieredOptions): Need[] {
  const foreseen = input.pools.map((view) => foresee(view, input.step, options));
  if (options.floor === 'none') return foreseen;
  const floors = reactiveNeeds(state, input, options.reactive);
  return foreseen.map((need, i) => raiseToFloor(need, floors[i] as Need));
}

function foresee(view: PoolView, step: number, options: TieredOptions): Need {
  const { pool, forecast } = view;
  const demand = demandAtLead(forecast, step, pool, options.leadQuantile);
  const groups = groupFactors(options.tiers, view.groups);
  const factor = groups.length > 0 ? groups.reduce((sum, group) => sum + group.share * group.factor, 0) : 1;
  const base = unitsFor(demand, pool);
  const count = unitsFor(demand, pool, factor);
  const level = options.leadQuantile === 0.5 ? 'expected' : `expected (quantile ${options.leadQuantile})`;
  const source = forecast.fallback === undefined ? '' : ` (by ${forecast.by}, a fallback: ${forecast.fallback})`;
  const at = clockTime(step + pool.leadTimeMs);
  const first = `${rate(demand, pool.measure)} ${level} at ${at}${source} needs ${units(base)} at ${percent(pool.target)} of ${rate(pool.unitRate, pool.measure)}`;
  const tier = Math.max(-1, ...groups.filter((group) => group.share >= NAMES_TIER).map((group) => group.tier));
  return {
    view,
    units: count,
    tier: options.tiers[tier]?.name ?? 'none',
    reasons: [{ by: BY, units: count, text: `${first}; ${factorText(groups, factor, count)}` }],
    weights: groups.map((group) => group.share * group.factor),
  };
}

function factorText(groups: readonly GroupFactor[], factor: number, count: number): string {
  const leader = groups.reduce<GroupFactor | undefined>(
    (a, b) => (a && a.probability * a.share >= b.probability * b.share ? a : b),
    undefined,
  );
  if (!leader) return `no group is known: x1 -> ${count}`;
  const surge = `surge probability ${leader.probability.toFixed(2)} of group ${leader.group}`;
  if (groups.length === 1) return `${surge} -> x${figure(factor)} -> ${count}`;
  const own = `its ${percent(leader.share)} of the demand takes x${figure(leader.factor)}`;
  return `${surge}: ${own}; over ${groups.length} groups x${figure(factor)} -> ${count}`;
}

function figure(value: number): string {
  return String(Number(value.toFixed(2)));
}
