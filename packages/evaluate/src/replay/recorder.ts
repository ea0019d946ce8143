import { type Decision, type Forecast, LEVELS, type Pool, type PoolSurge, type Usage } from '@auspex/contracts';
import { demandOf, readForecast } from '@auspex/core';

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
  readonly history: PoolHistory;
  /** The forecast of each decision; only where it is asked to be kept. */
  readonly forecasts?: (Forecast | undefined)[];
  /** Surge probability of the pool itself, as its decisions carry it; absent where none does. */
  surge?: RecordedSurge | undefined;
}

/** What decisions said of a pool's surges; NaN where one said nothing. */
export interface RecordedSurge {
  readonly probability: Float64Array;
  /** Rate a second that a reactive policy would have ready when an order of the decision is. */
  readonly reference: Float64Array;
  /** How long such an order has to serve. */
  readonly windowMs: number;
}

/** What the steps before `Recording.from` leave behind, as rates a second. */
export interface PoolHistory {
  peak: number;
  /** The last one known. */
  last: number;
  /** What the fleet begins with: of the step before `from`, or of the last in which anything was seen. */
  begin: number;
  /** Of the step that is just being learnt: it counts once it is known not to be a gap. */
  open: number;
  /** Of every step, by its distance from `from` in steps, below 0; NaN = a gap. */
  readonly rates: Map<number, number>;
}

export interface Recording {
  readonly from: number;
  readonly stepMs: number;
  readonly pools: readonly PoolRecording[];
  /** Steps recorded so far. */
  steps: number;
  /** Steps before `from` of which anything is known. */
  historySteps: number;
  /** Failures of plugins that fallbacks bridged. */
  failures: number;
}

/** What the recorder asks of a simulated fleet. */
export interface FleetView {
  ready(at: number): number;
  readonly ordered: number;
}

/** Watches one replay and keeps what reports are made of. Arrays grow as steps come. */
export class Recorder implements Recording {
  /** Later than asked for where the trace begins later. */
  from: number;
  readonly stepMs: number;
  pools: PoolRecording[];
  steps = 0;
  historySteps = 0;
  failures = 0;
  #begun = false;
  #capacity = 1024;
  readonly #keepsForecasts: boolean;

  constructor(pools: readonly Pool[], from: number, stepMs: number, keepsForecasts = false) {
    this.from = from;
    this.stepMs = stepMs;
    this.#keepsForecasts = keepsForecasts;
    this.pools = pools.map((pool) => ({ ...begin(pool, this.#capacity), ...(keepsForecasts && { forecasts: [] }) }));
  }

  #index(at: number): number {
    return Math.floor((at - this.from) / this.stepMs);
  }

  /** The usage of a closed step as users meant it, before any fleet throttled it. */
  demand(step: number, usage: readonly Usage[], fleets: ReadonlyMap<string, FleetView>): void {
    if (!this.#begun) this.from = Math.max(this.from, step);
    this.#begun = true;
    const index = this.#index(step);
    const seconds = this.stepMs / 1000;
    this.#ensure(index);
    for (const recorded of this.pools) {
      const rate = demandOf(recorded.pool, usage) / seconds;
      if (index < 0) {
        recorded.history.open = rate;
        // A step in which nothing at all was seen may prove a gap, which is no reason to begin without a fleet.
        if (usage.length > 0) recorded.history.begin = rate;
        continue;
      }
      const fleet = fleets.get(recorded.pool.id);
      recorded.rate[index] = rate;
      recorded.supply[index] = fleet?.ready(step) ?? 0;
      recorded.ordered[index] = fleet?.ordered ?? 0;
    }
    this.steps = Math.max(this.steps, index + 1);
  }

  /** The same usage as the log of the fleet shows it: a step with throttled requests is a lower bound. */
  served(step: number, usage: readonly Usage[]): void {
    const index = this.#index(step);
    if (index < 0) return;
    for (const each of usage) {
      if (each.throttled + each.timedOut === 0) continue;
      for (const recorded of this.pools) if (recorded.pool.serves(each.group, each.pop)) recorded.censored[index] = 1;
    }
  }

  /** The step is over: now it is known whether it was a gap, and nothing is known of it after all. */
  closed(step: number, missing: boolean): void {
    const index = this.#index(step);
    if (index < 0 && !missing) this.historySteps++;
    for (const { rate, history } of this.pools) {
      if (index >= 0 && missing) rate[index] = Number.NaN;
      if (index < 0) history.rates.set(index, missing ? Number.NaN : history.open);
      if (index >= 0 || missing) continue;
      history.last = history.open;
      history.peak = Math.max(history.peak, history.open);
    }
  }

  /** The trace is over: a gap after the last step that is known is no part of it. */
  ended(): void {
    while (this.steps > 0 && this.pools.every(({ rate }) => Number.isNaN(rate[this.steps - 1]))) this.steps--;
  }

  decided(decision: Decision): void {
    const index = this.#index(decision.step);
    if (index < 0) return;
    this.#ensure(index);
    const recorded = this.pools.find((each) => each.pool.id === decision.pool);
    if (!recorded) return;
    recorded.probability[index] = decision.surges[0]?.probability ?? 0;
    if (decision.surge) this.#surge(index, decision.step, recorded, decision.surge);
  }

  #surge(index: number, step: number, recorded: PoolRecording, { probability, reference, to }: PoolSurge): void {
    recorded.surge ??= noSurges(this.#capacity, to - step - recorded.pool.leadTimeMs);
    recorded.surge.probability[index] = probability;
    recorded.surge.reference[index] = reference;
  }

  forecast(forecast: Forecast): void {
    const recorded = this.pools.find((each) => forecast.series === `pool:${each.pool.id}`);
    if (!recorded) return;
    const origin = this.#index(forecast.origin);
    // A copy: whose array it is, is the forecaster's business.
    if (this.#keepsForecasts && origin >= 0 && recorded.forecasts)
      recorded.forecasts[origin] = { ...forecast, quantiles: Float64Array.from(forecast.quantiles) };
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
      const { history, forecasts, surge } = old;
      const grown: PoolRecording = { ...begin(old.pool, this.#capacity), history, ...(forecasts && { forecasts }) };
      if (surge) {
        grown.surge = noSurges(this.#capacity, surge.windowMs);
        grown.surge.probability.set(surge.probability);
        grown.surge.reference.set(surge.reference);
      }
      for (const name of ['rate', 'supply', 'ordered', 'quantiles', 'probability', 'censored'] as const) grown[name].set(old[name]);
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
    history: { peak: 0, last: 0, begin: 0, open: 0, rates: new Map() },
  };
}

function noSurges(capacity: number, windowMs: number): RecordedSurge {
  const unknown = (): Float64Array => new Float64Array(capacity).fill(Number.NaN);
  return { probability: unknown(), reference: unknown(), windowMs };
}
