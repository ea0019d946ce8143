import { type Allocator, LEVELS, type Pool, type PoolView } from '@auspex/contracts';
import { standaloneContext } from '@auspex/core';
import { quantileAllocator, reactiveAllocator } from '@auspex/policies';
import type { AuspexCandidate, Candidate, HpaCandidate } from './candidates.ts';
import { HpaRule } from './hpa.ts';
import type { RecordedDemand } from './recorded.ts';

/** Of one pool at one decision. */
export interface Seat {
  /** Units ordered now, and ready now. */
  readonly units: number;
  readonly ready: number;
  /** Rate of the last step, and of the last that is known. */
  readonly seen: number;
  readonly actual: number;
}

/** Units for every pool at step `i`, which begins at `at`. */
export type Policy = (i: number, at: number, seats: readonly Seat[]) => readonly number[];

/** A candidate as something that decides. The HPA is computed directly where pools share no limit, and is its plugin where they do. */
export function policyOf(candidate: Candidate, demand: RecordedDemand): Policy {
  if (candidate.kind === 'auspex') return auspexPolicy(candidate, demand);
  const { popLimits = {}, budget } = demand.input.config;
  return Object.keys(popLimits).length === 0 && !budget ? hpaPolicy(candidate, demand.pools) : limitedHpaPolicy(candidate, demand);
}

function hpaPolicy(candidate: HpaCandidate, pools: readonly Pool[]): Policy {
  const rules = pools.map((pool) => new HpaRule(candidate, pool));
  return (_i, at, seats) => seats.map(({ seen, units }, p) => (rules[p] as HpaRule).order(at, seen, units));
}

/** The plugin itself, for limits that several pools share. */
function limitedHpaPolicy({ target, stabilisationMs, min }: HpaCandidate, demand: RecordedDemand): Policy {
  const options = reactiveAllocator.config.parse({ target, stabilisation: `${stabilisationMs}ms`, min, censored: 1 });
  return allocatorPolicy(reactiveAllocator.create(options, standaloneContext()) as Allocator, demand, demand.pools);
}

function auspexPolicy({ price, floor, target }: AuspexCandidate, demand: RecordedDemand): Policy {
  const options = quantileAllocator.config.parse({ price, floor });
  const pools = demand.pools.map((pool) => (target === undefined ? pool : { ...pool, target }));
  return allocatorPolicy(quantileAllocator.create(options, standaloneContext()) as Allocator, demand, pools);
}

function allocatorPolicy(allocator: Allocator, { recording, input, forecasts }: RecordedDemand, pools: readonly Pool[]): Policy {
  const { popLimits = {}, budget } = input.config;
  const state = allocator.begin();
  const { stepMs } = recording;
  return (i, at, seats) => {
    const views = pools.map((pool, p): PoolView => {
      const { units, ready, seen, actual } = seats[p] as Seat;
      return {
        pool,
        units,
        ready,
        actual,
        truth: Number.isNaN(seen) ? 'missing' : 'observed',
        forecast: forecasts[p]?.[i] ?? nothingForecast(pool, at, stepMs, actual),
        paths: () => {
          throw new Error('sample paths are not recorded');
        },
        groups: [],
      };
    });
    const proposals = allocator.allocate(state, { step: at, stepMs, pools: views, popLimits, ...(budget && { budget }) });
    return proposals.map(({ units }) => units);
  };
}

/** What stands where no forecast was kept: the last value, without spread. Only the HPA is ever asked with it. */
function nothingForecast(pool: Pool, origin: number, stepMs: number, rate: number): PoolView['forecast'] {
  const quantiles = new Float64Array(LEVELS.length).fill(rate);
  return { series: `pool:${pool.id}`, origin, stepMs, horizon: [1], quantiles, by: 'none', fallback: 'no forecast was kept' };
}
