import type { ClosedLoopOptions } from './config.ts';

/** Requests of one group at one POP that come back in a step, by attempt (2 = first retry). */
export type Returning = Map<number, number>;

/** Requests that wait to be tried again. */
export class Retries {
  readonly #options: ClosedLoopOptions;
  readonly #stepMs: number;
  /** By due step (epoch ms), then by group and POP. */
  readonly #due = new Map<number, Map<string, Returning>>();
  /** Fractions of requests not yet decided, by group and POP: so that small groups retry their share too. */
  readonly #carry = new Map<string, number>();

  constructor(options: ClosedLoopOptions, stepMs: number) {
    this.#options = options;
    this.#stepMs = stepMs;
  }

  /**
   * `count` requests failed their attempt number `attempt` in `step`: some give up, the rest come back after
   * backOff x 2^(attempt - 1). Returns how many will come back.
   */
  fail(step: number, key: string, attempt: number, count: number): number {
    if (attempt >= this.#options.maxAttempts || count === 0) return 0;
    const exact = count * this.#options.retryShare + (this.#carry.get(key) ?? 0);
    const back = Math.min(count, Math.floor(exact + 1e-9));
    this.#carry.set(key, exact - back);
    if (back === 0) return 0;
    const wait = Math.max(1, Math.round((this.#options.backOff * 2 ** (attempt - 1)) / this.#stepMs)) * this.#stepMs;
    const keys = this.#due.get(step + wait) ?? new Map<string, Returning>();
    this.#due.set(step + wait, keys);
    const returning = keys.get(key) ?? new Map<number, number>();
    keys.set(key, returning);
    returning.set(attempt + 1, (returning.get(attempt + 1) ?? 0) + back);
    return back;
  }

  /** What comes back in `step`, or was due before it, by group and POP; it waits no longer. */
  take(step: number): Map<string, Returning> {
    const taken = new Map<string, Returning>();
    for (const [due, keys] of [...this.#due].sort(([a], [b]) => a - b)) {
      if (due > step) break;
      this.#due.delete(due);
      for (const [key, returning] of keys) {
        const sum = taken.get(key) ?? new Map<number, number>();
        taken.set(key, sum);
        for (const [attempt, count] of returning) sum.set(attempt, (sum.get(attempt) ?? 0) + count);
      }
    }
    return taken;
  }

  /** Requests that still wait. */
  get waiting(): number {
    let sum = 0;
    for (const keys of this.#due.values()) for (const returning of keys.values()) for (const count of returning.values()) sum += count;
    return sum;
  }
}
