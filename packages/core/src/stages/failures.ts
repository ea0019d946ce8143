import { AuspexError, type Logger, type Meter, type StageFailure } from '@auspex/contracts';

/** What to do when a stage fails: go on without it, stand in for it, or stop the engine. */
export type FailurePolicy = 'skip' | 'fallback' | 'fail';
export type FailurePolicies = Readonly<Record<string, FailurePolicy>>;

/**
 * Where stage failures go: logged, counted, and handed to the journal once a step. A failure that repeats for the same
 * stage, plugin and subject is journaled when it begins, not at every step; it begins anew after `recovered`.
 */
export class Failures {
  readonly #policies: FailurePolicies;
  readonly #logger: Logger;
  readonly #meter: Meter;
  readonly #standing = new Map<string, StageFailure>();
  #fresh: StageFailure[] = [];
  #reported = false;

  constructor(policies: FailurePolicies, logger: Logger, meter: Meter) {
    this.#policies = policies;
    this.#logger = logger;
    this.#meter = meter;
  }

  /**
   * Records a failure.
   * @param fallback what is done instead, in words
   * @param part which of the plugin's methods, where one may fail while another answers; only it can recover from that
   * @throws PLUGIN_FAILED where the stage's policy is `fail`
   */
  report(stage: string, plugin: string, subject: string, error: unknown, fallback: string, part = ''): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#meter.count('auspex_stage_failures_total', 1, { stage, plugin });
    if (this.#policies[stage] === 'fail') {
      throw new AuspexError('PLUGIN_FAILED', message, { path: `${stage}(${plugin}) for ${subject}`, cause: error });
    }
    this.#reported = true;
    const key = `${stage}/${plugin}/${subject}/${part}`;
    if (this.#standing.has(key)) return;
    const failure = { stage, plugin, subject, message, fallback };
    this.#standing.set(key, failure);
    this.#logger.warn({ stage, plugin, subject }, `${stage}(${plugin}) failed for ${subject}: ${message}; ${fallback}`);
    this.#fresh.push(failure);
  }

  /** Has anything failed since the last `take`, whether it is news or not? */
  get anyReported(): boolean {
    return this.#reported;
  }

  /** Is any failure still going on? Asked before a subject's name is put together. */
  get anyStands(): boolean {
    return this.#standing.size > 0;
  }

  /** All that are still going on, in the order in which they began. */
  get standing(): readonly StageFailure[] {
    return [...this.#standing.values()];
  }

  /** The subject is served again: its next failure is news. Cheap to call. */
  recovered(stage: string, plugin: string, subject: string, part = ''): void {
    if (this.#standing.size > 0) this.#standing.delete(`${stage}/${plugin}/${subject}/${part}`);
  }

  /** A step begins: what failed before it, as while learning again, says nothing of it. Failures are told all the same. */
  begin(): void {
    this.#reported = false;
  }

  /** Failures since the last call, oldest first. */
  take(): readonly StageFailure[] {
    const taken = this.#fresh;
    this.#fresh = [];
    this.#reported = false;
    return taken;
  }
}
