import type { Supplied } from './elasticity.ts';

/** One pool's run as its users and its bill see it. */
export interface Served extends Supplied {
  /** Offered rate a second, NaN where it is not known. */
  readonly rate: ArrayLike<number>;
  /** Units ordered: what is paid. */
  readonly ordered: ArrayLike<number>;
  readonly stepMs: number;
  /** What one unit serves at 100 % use, a second. */
  readonly unitRate: number;
  /** Price of a unit for an hour. */
  readonly price: number;
}

/** What users met and what it cost. Shares in %, NaN where nothing was offered. */
export interface Service {
  /** % of requests that fell into steps with supply < demand. */
  readonly overload: number;
  /** % of requests beyond 100 % use of the supply: nothing could have served them. */
  readonly lost: number;
  /** The longest run of steps with supply < demand, in any one pool. */
  readonly longestSteps: number;
  readonly longestMs: number;
  /** Hours of all ordered units. */
  readonly unitHours: number;
  /** Unit-hours of supply above demand, and of demand above supply. */
  readonly overHours: number;
  readonly shortHours: number;
  /** Ordered unit-hours x price, in the pool's currency. */
  readonly cost: number;
}

const HOUR = 3_600_000;

/**
 * What users met and what it cost, over one pool or several. Requests weigh alike whatever their pool. Steps without a
 * known rate count to unit-hours and cost alone, and end an overload.
 */
export function service(...pools: readonly Served[]): Service {
  const sum = { requests: 0, over: 0, lost: 0, longestSteps: 0, longestMs: 0, unitHours: 0, overHours: 0, shortHours: 0, cost: 0 };
  for (const pool of pools) addPool(sum, pool);
  const { requests, over, lost, ...rest } = sum;
  return {
    overload: requests > 0 ? (100 * over) / requests : Number.NaN,
    lost: requests > 0 ? (100 * lost) / requests : Number.NaN,
    ...rest,
  };
}

interface Sum {
  requests: number;
  over: number;
  lost: number;
  longestSteps: number;
  longestMs: number;
  unitHours: number;
  overHours: number;
  shortHours: number;
  cost: number;
}

function addPool(sum: Sum, pool: Served): void {
  const hours = pool.stepMs / HOUR;
  const seconds = pool.stepMs / 1000;
  let run = 0;
  let unitHours = 0;
  for (let t = 0; t < pool.rate.length; t++) {
    unitHours += (pool.ordered[t] as number) * hours;
    const rate = pool.rate[t] as number;
    const demand = pool.demand[t] as number;
    const supply = pool.supply[t] as number;
    run = supply < demand ? run + 1 : 0;
    if (run > sum.longestSteps) sum.longestSteps = run;
    sum.longestMs = Math.max(sum.longestMs, run * pool.stepMs);
    if (Number.isNaN(rate)) continue;
    sum.requests += rate * seconds;
    if (supply < demand) sum.over += rate * seconds;
    sum.lost += Math.max(rate - supply * pool.unitRate, 0) * seconds;
    sum.overHours += Math.max(supply - demand, 0) * hours;
    sum.shortHours += Math.max(demand - supply, 0) * hours;
  }
  sum.unitHours += unitHours;
  sum.cost += unitHours * pool.price;
}
