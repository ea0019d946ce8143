import type { Meter } from '@auspex/contracts';
import type { EngineSettings } from '../config/schema.ts';
import { MemoryMeter } from '../defaults/logger.ts';
import { atOnce } from '../stages/answer.ts';
import type { Failures } from '../stages/failures.ts';
import { TrainingHistory } from './history.ts';
import { type Attempt, Schedule } from './schedule.ts';
import { type Ending, type RunOptions, type Trainable, TrainingRun } from './training-run.ts';

export type { Trainable } from './training-run.ts';

/** Most observations a series that training sees, whatever the step. */
const MOST_HISTORY = 20_000;
/** A training that ends the process is begun no more often than this: a crash loop would be worse than old weights. */
const MOST_TRIES = 3;

/** A training that is under way, as the snapshot keeps it. */
export interface PendingTraining {
  /** The step at which it began, epoch ms. */
  readonly at: number;
  /** When its weights go into service, epoch ms. */
  readonly declared: number;
  readonly names: readonly string[];
  /** A step of the present began it, or was made beside it. Absent where an older version wrote it; so is the next. */
  readonly present?: boolean;
  /** How many processes have begun it and did not come to end it; a stop does not count. */
  readonly tries?: number;
}

/** What came of the training of one predictor. */
export interface Trained {
  readonly name: string;
  /** The step at which it began, epoch ms: nothing later was learnt. */
  readonly at: number;
  /** How many series it saw. */
  readonly series: number;
  /** Event time from the declared step to this one, ms. */
  readonly late: number;
  /** New weights, in service now. */
  readonly artifact: Uint8Array | undefined;
  /** Why there are none; undefined = it found nothing better, or failed in nothing. */
  readonly error: unknown;
  /** When it may be trained again, epoch ms. */
  readonly next: number;
}

/**
 * Trains predictors that have weights. A training begins at the step where it is due, on the history of that step, and goes on beside
 * the steps that follow; its weights go into service at a step that is declared when it begins, so that a run that waits for it there
 * is the same wherever and however often it is made.
 */
export class Training {
  readonly trainable: readonly Trainable[];
  /** Undefined when nothing is to be trained: then no history is kept. */
  readonly history: TrainingHistory | undefined;
  readonly schedule: Schedule;
  /** Weights in service: the step at which their training began, epoch ms. */
  readonly inService = new Map<string, number>();
  readonly #settings: EngineSettings;
  readonly #once: boolean;
  readonly #failures: Failures;
  readonly #limitMs: number;
  readonly #meter: Meter;
  readonly #signal: AbortSignal;
  #run: TrainingRun | undefined;
  /** A training that a restart cut short, until its history is there. */
  #unresumed: PendingTraining | undefined;

  /**
   * @param once train exactly once, at the first step at or after this (epoch ms), and use it there; undefined = on schedule
   * @param limitMs longest training of one predictor; Infinity = no limit, as in a replay
   * @param signal aborts when the engine stops
   */
  constructor(
    trainable: readonly Trainable[],
    settings: EngineSettings,
    once: number | undefined,
    failures: Failures,
    limitMs: number,
    meter: Meter = new MemoryMeter(),
    signal: AbortSignal = new AbortController().signal,
  ) {
    this.trainable = trainable;
    this.schedule = new Schedule(settings, once);
    this.#settings = settings;
    this.#once = once !== undefined;
    this.#failures = failures;
    this.#limitMs = limitMs;
    this.#meter = meter;
    this.#signal = signal;
    // No longer than the store keeps usage: after a restart a training has to see the same.
    const span = Math.min(settings.training.history, settings.historyKeep);
    const capacity = Math.min(MOST_HISTORY, Math.ceil(span / settings.step));
    this.history = trainable.length > 0 ? new TrainingHistory(capacity) : undefined;
  }

  get firstStep(): number | undefined {
    return this.schedule.firstStep;
  }

  set firstStep(step: number | undefined) {
    this.schedule.firstStep = step;
  }

  /** What is under way. */
  get pending(): PendingTraining | undefined {
    if (!this.#run) return this.#unresumed;
    const { at, declared, names, present, begun } = this.#run;
    // Told to stop, it is not the training that ends the process.
    const tries = this.#run.tries - (begun && this.#signal.aborted ? 1 : 0);
    return { at, declared, names, present, tries };
  }

  isDue(at: number): boolean {
    return this.#due(at).length > 0;
  }

  #due(at: number): readonly Trainable[] {
    if (!this.history || this.pending) return [];
    return this.trainable.filter(({ name }) => at >= this.schedule.next(name));
  }

  /**
   * Begins a training of what is due on what has been learnt so far; the work itself waits for `work`.
   *
   * @param present it begins in the present, where no step waits for it
   */
  begin(at: number, present: boolean): void {
    const { step, training } = this.#settings;
    // Once = at a declared step: it ends there, too.
    const steps = this.#once ? 0 : Math.max(1, Math.ceil(training.within / step));
    this.#start({ at, declared: at + steps * step, present, tries: 1 }, this.#due(at));
  }

  #start(begun: Pick<RunOptions, 'at' | 'declared' | 'present' | 'tries'>, trainable: readonly Trainable[], hopeless?: Error): void {
    const history = this.history?.freeze() ?? [];
    this.#run = new TrainingRun({ ...begun, trainable, history, hopeless, limitMs: this.#limitMs, signal: this.#signal });
  }

  /** Takes note of a training that a restart cut short; it begins again with `resume`. Undefined = there is none after all. */
  interrupted(pending: PendingTraining | undefined): void {
    if (this.history) this.#unresumed = pending;
  }

  /** Begins again what was cut short, on the history as it is now: that of its first beginning. */
  resume(): void {
    const pending = this.#unresumed;
    this.#unresumed = undefined;
    if (!pending) return;
    const trainable = this.trainable.filter(({ name }) => pending.names.includes(name));
    if (trainable.length === 0) return;
    const { at, declared, present = true, tries = 0 } = pending;
    this.#start(
      { at, declared, present, tries },
      trainable,
      tries < MOST_TRIES ? undefined : new Error('the process ended during it three times'),
    );
  }

  /** Counts that this process begins what a restart cut short. False = there is nothing that it may begin. */
  tryAgain(): boolean {
    if (!this.#run || this.#run.hopeless) return false;
    this.#run.tries++;
    return true;
  }

  /** Has a training begun whose work has not? */
  get isFresh(): boolean {
    return this.#run !== undefined && !this.#run.begun;
  }

  /** A step of the present is made beside what is under way: from now on none waits for it. True = that is new. */
  reachPresent(): boolean {
    if (!this.#run || this.#run.present) return false;
    this.#run.present = true;
    return true;
  }

  /** Lets what is under way work, between two steps. */
  work(): void {
    void this.#run?.work();
  }

  /** Waits until what is under way has ended. False = the engine was told to stop before. */
  async finished(): Promise<boolean> {
    await this.#run?.work();
    return this.#run === undefined || this.#run.over;
  }

  /** Puts into service what has ended, from the declared step on; what has not stays under way. */
  settle(at: number): readonly Trained[] {
    const run = this.#run;
    if (!run || at < run.declared) return [];
    const trained = run.take().map((ending) => this.#settleOne(run, ending, at));
    if (run.names.length === 0) this.#run = undefined;
    return trained;
  }

  #settleOne(run: TrainingRun, { trainable, artifact, error, seconds }: Ending, at: number): Trained {
    const { name, predictor } = trainable;
    let refused: unknown;
    try {
      if (artifact) atOnce(predictor.use?.(artifact.slice()), 'use');
    } catch (reason) {
      refused = reason ?? new Error('failed without a reason');
    }
    const used = artifact !== undefined && refused === undefined;
    const failed = error !== undefined || refused !== undefined;
    if (used) this.inService.set(name, run.at);
    // What ended the process waits for its next turn: to try it sooner would cost more than old weights do.
    this.schedule.attempted({ name, at: run.at, failed: failed && !run.hopeless });
    const outcome = error !== undefined ? 'failed' : refused !== undefined ? 'refused' : used ? 'used' : 'nothing';
    this.#meter.count('auspex_trainings_total', 1, { predictor: name, outcome });
    this.#meter.count('auspex_training_seconds_total', seconds, { predictor: name });
    return {
      name,
      at: run.at,
      series: run.series,
      late: at - run.declared,
      artifact: used ? artifact : undefined,
      error: error ?? refused,
      next: this.schedule.next(name),
    };
  }

  /** Reports what came of a training as every stage does. @throws PLUGIN_FAILED where the config says `onFailure.predict: fail` */
  report({ name, artifact, error }: Trained): void {
    if (error !== undefined) this.#failures.report('predict', name, 'training', error, 'the old weights stay');
    else if (artifact) this.#failures.recovered('predict', name, 'training');
  }

  /** Tells how old the weights in service are at a step, in event time. */
  meter(at: number): void {
    for (const [name, trained] of this.inService)
      this.#meter.gauge('auspex_artifact_age_seconds', (at - trained) / 1000, { predictor: name });
  }

  /** Puts a schedule back. */
  restore(attempts: readonly Attempt[]): void {
    for (const attempt of attempts) this.schedule.attempted(attempt);
  }
}
