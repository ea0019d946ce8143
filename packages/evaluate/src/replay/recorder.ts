import { type Decision, type Forecast, LEVELS, type Pool, type Usage } from '@auspex/contracts';
import { amount, readForecast } from '@auspex/core';

/** What is recorded of one pool; one entry a step from `Recording.from` on. */
export interface PoolRecording {
  readonly pool: Pool;
  /** Offered rate a second; NaN = not known. */
  readonly rate: Float64Array;
  readonly supply: Float64Array;
  readonly ordered: Float64Array;
  /** Forecast for each step made one lead time before it, row-major [steps x LEVELS]; NaN where there is none. */
  readonly quantiles: Float64Array;
  /** Highest surge probability of the pool's groups when the step began. */
  readonly probability: Float64Array;
  readonly censored: Uint8Array;
  /** Before `from`: the highest rate, and the last one known. */
  peak: number;
  last: number;
}

export interface Recording {
  readonly from: number;
  readonly stepMs: number;
  readonly pools: readonly PoolRecording[];
  /** Steps recorded so far. */
  steps: number;
}

/** What the recorder asks of a simulated fleet. */
export interface FleetView {
  ready(at: number): number;
  readonly ordered: number;
}

/** Watches one replay and keeps what reports are made of. Arrays grow as steps come. */
export class Recorder implements Recording {
  readonly from: number;
  readonly stepMs: number;
  pools: PoolRecording[];
  steps = 0;
  #capacity = 1024;

  constructor(pools: readonly Pool[], from: number, stepMs: number) {
    this.from = from;
    this.stepMs = stepMs;
    this.pools = pools.map((pool) => begin(pool, this.#capacity));
  }

  #index(at: number): number {
    return Math.floor((at - this.from) / this.stepMs);
  }

  /** The usage of a closed step as users meant it, before any fleet throttled it. */
  demand(step: number, usage: readonly Usage[], fleets: ReadonlyMap<string, FleetView>): void {
    const index = this.#index(step);
    const seconds = this.stepMs / 1000;
    this.#ensure(index);
    for (const recorded of this.pools) {
      let sum = 0;
      for (const each of usage) if (recorded.pool.serves(each.group, each.pop)) sum += amount(each, recorded.pool.measure);
      const rate = sum / seconds;
      if (index < 0) {
        recorded.peak = Math.max(recorded.peak, rate);
        recorded.last = rate;
        continue;
      }
      const fleet = fleets.get(recorded.pool.id);
      recorded.rate[index] = rate;
      recorded.supply[index] = fleet?.ready(step) ?? 0;
      recorded.ordered[index] = fleet?.ordered ?? 0;
    }
    this.steps = Math.max(this.steps, index + 1);
  }

  /** What the fleet made of it: a step with throttled requests is a lower bound. */
  served(step: number, usage: readonly Usage[]): void {
    const index = this.#index(step);
    if (index < 0) return;
    for (const recorded of this.pools) {
      const own = usage.filter((each) => recorded.pool.serves(each.group, each.pop));
      if (own.some((each) => each.throttled + each.timedOut > 0)) recorded.censored[index] = 1;
    }
  }

  /** Nothing is known of the step after all. */
  missing(step: number): void {
    const index = this.#index(step);
    if (index >= 0) for (const recorded of this.pools) recorded.rate[index] = Number.NaN;
  }

  decided(decision: Decision): void {
    const index = this.#index(decision.step);
    if (index < 0) return;
    this.#ensure(index);
    const recorded = this.pools.find((each) => each.pool.id === decision.pool);
    if (recorded) recorded.probability[index] = decision.surges[0]?.probability ?? 0;
  }

  forecast(forecast: Forecast): void {
    const recorded = this.pools.find((each) => forecast.series === `pool:${each.pool.id}`);
    if (!recorded) return;
    const ahead = Math.ceil(recorded.pool.leadTimeMs / this.stepMs) + 1;
    const index = this.#index(forecast.origin + (ahead - 1) * this.stepMs);
    if (index < 0) return;
    this.#ensure(index);
    const live = this.pools.find((each) => each.pool === recorded.pool) as PoolRecording;
    LEVELS.forEach((level, column) => {
      live.quantiles[index * LEVELS.length + column] = readForecast(forecast, ahead, level);
    });
  }

  #ensure(index: number): void {
    if (index < this.#capacity) return;
    while (index >= this.#capacity) this.#capacity *= 2;
    this.pools = this.pools.map((old) => {
      const grown = begin(old.pool, this.#capacity);
      for (const name of ['rate', 'supply', 'ordered', 'quantiles', 'probability', 'censored'] as const) grown[name].set(old[name]);
      grown.peak = old.peak;
      grown.last = old.last;
      return grown;
    });
  }
}

function begin(pool: Pool, capacity: number): PoolRecording {
  const unknown = (length = capacity): Float64Array => new Float64Array(length).fill(Number.NaN);
  return {
    pool,
    rate: unknown(),
    supply: unknown(),
    ordered: unknown(),
    quantiles: unknown(capacity * LEVELS.length),
    probability: new Float64Array(capacity),
    censored: new Uint8Array(capacity),
    peak: 0,
    last: 0,
  };
}
