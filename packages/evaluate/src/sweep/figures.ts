import type { Served } from '../metrics/service.ts';
import { service } from '../metrics/service.ts';
import { demandUnits } from '../metrics/units.ts';
import type { RecordedDemand } from './recorded.ts';
import type { Simulated } from './simulate.ts';

/** What a candidate cost and what its users met, over one stretch of steps; see `Service`. */
export interface SweepFigures {
  readonly unitHours: number;
  readonly cost: number;
  /** Unit-hours ready above need, and needed above what was ready. */
  readonly idleHours: number;
  readonly shortHours: number;
  /** % of requests in steps with fewer units ready than needed. */
  readonly overload: number;
  readonly longestMs: number;
}

/** Measures runs over steps `from` to `to`, exclusive. */
export function measureRuns(
  { recording }: RecordedDemand,
  goal: number,
): (runs: readonly Simulated[], from: number, to: number) => SweepFigures {
  const { steps, stepMs } = recording;
  const known = recording.pools.map(({ pool, rate }) => {
    const rates = rate.slice(0, steps);
    return { pool, rates, demand: demandUnits(rates, { unitRate: pool.unitRate, target: goal }) };
  });
  return (runs, from, to) => {
    const served = known.map(({ pool, rates, demand }, p): Served => {
      const { supply, ordered } = runs[p] as Simulated;
      return {
        rate: rates.subarray(from, to),
        demand: demand.subarray(from, to),
        supply: supply.subarray(from, to),
        ordered: ordered.subarray(from, to),
        stepMs,
        unitRate: pool.unitRate,
        price: pool.price,
      };
    });
    const { unitHours, cost, overHours, shortHours, overload, longestMs } = service(...served);
    return { unitHours, cost, idleHours: overHours, shortHours, overload, longestMs };
  };
}

/** What a stretch costs at a price of an hour short against an hour idle, in idle hours. */
export function totalAt(price: number, { idleHours, shortHours }: Pick<SweepFigures, 'idleHours' | 'shortHours'>): number {
  return idleHours + price * shortHours;
}
