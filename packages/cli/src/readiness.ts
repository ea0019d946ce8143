import { instant, span } from './text.ts';

/** Steps for which a decision is one of the present: its own, that until the next decision, and one more for a slow step. */
const PRESENT_STEPS = 3;

/** Has a run caught up with the present? It has when its last decision is of the present. */
export class Readiness {
  readonly #now: () => number;
  readonly #presentMs: number;
  #phase: 'starting' | 'running' | 'sharing' | 'stopping' = 'starting';
  /** Time of the last decision, epoch ms. */
  #decided: number | undefined;
  #caughtUp = false;

  /** @param settings milliseconds */
  constructor(settings: { readonly step: number; readonly lateness: number }, now: () => number) {
    this.#now = now;
    this.#presentMs = PRESENT_STEPS * settings.step + settings.lateness;
  }

  /** @param phase `sharing` = one of several instances, which decide nothing: it takes part, and that is all */
  enter(phase: 'running' | 'sharing' | 'stopping'): void {
    this.#phase = phase;
  }

  decided(step: number): void {
    this.#decided = step;
    this.#caughtUp ||= this.#isPresent(step);
  }

  /** Why it is not ready; undefined = it is. */
  why(): string | undefined {
    if (this.#phase === 'sharing') return undefined;
    if (this.#phase !== 'running') return this.#phase;
    if (this.#decided === undefined) return 'catching up: nothing is decided yet';
    if (this.#isPresent(this.#decided)) return undefined;
    const last = `the last decision is of ${instant(this.#decided)}, ${span(this.#now() - this.#decided)} ago`;
    return `${this.#caughtUp ? 'stalled' : 'catching up'}: ${last}`;
  }

  #isPresent(step: number): boolean {
    return this.#now() - step <= this.#presentMs;
  }
}
