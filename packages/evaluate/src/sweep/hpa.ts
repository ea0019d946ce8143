import type { Pool } from '@auspex/contracts';
import { type HpaRecommendation, hpaDesired, hpaStabilised } from '@auspex/numerics';
import type { HpaCandidate } from './candidates.ts';

/** The HPA's own. */
const TOLERANCE = { scaleOut: 0.1, scaleIn: 0.1 };

/**
 * `recommend` of the allocator `reactive` for one pool, in numbers alone: without reasons, panic and censored steps it is the same rule, and a
 * sweep asks it some millions of times: the window is therefore a queue of its own, not `hpaWindow`. `test/sweep.test.ts` holds the two
 * together, step by step.
 */
export class HpaRule {
  readonly #pool: Pool;
  readonly #perUnit: number;
  readonly #floor: number;
  readonly #windowMs: number;
  /** Recommendations inside the window whose units no later one reaches: their first is the highest. */
  readonly #highest: HpaRecommendation[] = [];

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
    const desired = Math.max(hpaDesired(seen, units, this.#perUnit, TOLERANCE), this.#floor);
    this.#remember({ step: at, units: desired });
    return this.#bounded(hpaStabilised(desired, units, (this.#highest[0] as HpaRecommendation).units));
  }

  #bounded(units: number): number {
    return Math.min(Math.max(units, this.#pool.min), this.#pool.max);
  }

  #remember(latest: HpaRecommendation): void {
    const window = this.#highest;
    while (window.length > 0 && (window.at(-1) as HpaRecommendation).units <= latest.units) window.pop();
    window.push(latest);
    // The latest stays even where a window is shorter than a step.
    while (window.length > 1 && (window[0] as HpaRecommendation).step <= latest.step - this.#windowMs) window.shift();
  }
}
