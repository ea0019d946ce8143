import type { EngineSettings } from '../config/schema.ts';

/** The last time a predictor was trained. */
export interface Attempt {
  readonly name: string;
  /** The step at which it began, epoch ms. */
  readonly at: number;
  readonly failed: boolean;
}

/** A failed training is tried again after this share of `every`: soon enough to matter, and no machine trains all day in vain. */
const RETRY = 1 / 7;

/** When which predictor is to be trained: on schedule, or once at a declared step. */
export class Schedule {
  /** The first step that was learnt, epoch ms. */
  firstStep: number | undefined;
  readonly #settings: EngineSettings;
  readonly #once: number | undefined;
  readonly #last = new Map<string, Attempt>();

  /** @param once each exactly once, at the first step at or after this (epoch ms); undefined = on schedule */
  constructor(settings: EngineSettings, once: number | undefined) {
    this.#settings = settings;
    this.#once = once;
  }

  get attempts(): readonly Attempt[] {
    return [...this.#last.values()];
  }

  /** From when on a predictor is to be trained, epoch ms; Infinity = never (again). */
  next(name: string): number {
    const last = this.#last.get(name);
    if (this.firstStep === undefined) return Number.POSITIVE_INFINITY;
    if (this.#once !== undefined) return last === undefined ? this.#once : Number.POSITIVE_INFINITY;
    const { step, training } = this.#settings;
    if (last === undefined) return this.firstStep + training.after;
    if (!last.failed) return last.at + training.every;
    // Later than the step at which the failure is known: between two trainings there is a step to tidy up in.
    const known = Math.max(1, Math.ceil(training.within / step));
    return last.at + Math.max(Math.ceil((training.every * RETRY) / step), known + 1) * step;
  }

  /** As if it had never been trained: due at once, where the history is there. */
  forget(name: string): void {
    this.#last.delete(name);
  }

  attempted(attempt: Attempt): void {
    this.#last.set(attempt.name, attempt);
  }
}
