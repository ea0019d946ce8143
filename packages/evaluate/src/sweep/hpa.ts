import type { Pool } from '@auspex/contracts';
import type { HpaCandidate } from './candidates.ts';

/** The HPA's own, relative distance from the target within which nothing changes. */
const TOLERANCE = 0.1;
const SLACK = 1e-9;

/**
 * `recommend` of the allocator `reactive` for one pool, in numbers alone: without reasons, panic and censored steps it is the same rule, and a
 * sweep asks it some millions of times. `test/sweep.test.ts` holds the two together, step by step.
 */
export class HpaRule {
  readonly #pool: Pool;
  readonly #perUnit: number;
  readonly #floor: number;
  readonly #windowMs: number;
  /** Recommendations inside the window whose units no later one reaches: their first is the highest. */
  #highest: { readonly at: number; readonly units: number }[] = [];

  constructor({ target, stabilisationMs, min }: HpaCandidate, pool: Pool) {
    this.#pool = pool;
    this.#perUnit = target * pool.unitRate;
    this.#floor = min;
    this.#windowMs = stabilisationMs;
  }

  /**
   * Units to order at `at`, inside the pool's bounds.
   *
   * @param seen rate of the step before, a second; NaN = nothing is known of it, and the units stay
   * @param units ordered now
   */
  order(at: number, seen: number, units: number): number {
    if (Number.isNaN(seen)) return this.#bounded(units);
    const ratio = units > 0 ? seen / (this.#perUnit * units) : Number.POSITIVE_INFINITY;
    const inside = ratio > 1 ? ratio - 1 <= TOLERANCE : 1 - ratio <= TOLERANCE;
    const desired = Math.max(inside ? units : Math.ceil(seen / this.#perUnit - SLACK), this.#floor);
    this.#remember(at, desired);
    const highest = (this.#highest[0] as { units: number }).units;
    return this.#bounded(desired < units ? Math.min(highest, units) : desired);
  }

  #bounded(units: number): number {
    return Math.min(Math.max(units, this.#pool.min), this.#pool.max);
  }

  #remember(at: number, units: number): void {
    const window = this.#highest;
    while (window.length > 0 && (window.at(-1) as { units: number }).units <= units) window.pop();
    window.push({ at, units });
    // The latest stays even where a window is shorter than a step.
    while (window.length > 1 && (window[0] as { at: number }).at <= at - this.#windowMs) window.shift();
  }
}
