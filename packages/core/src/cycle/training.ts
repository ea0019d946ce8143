import type { Predictor } from '@auspex/contracts';
import type { EngineSettings } from '../config/schema.ts';
import { withTimeLimit } from '../defaults/time-limit.ts';
import type { Failures } from '../stages/failures.ts';
import { TrainingHistory } from './history.ts';

/** Most observations a series that training sees, whatever the step. */
const MOST_HISTORY = 20_000;

export interface Trainable {
  readonly name: string;
  readonly predictor: Pick<Predictor, 'train' | 'use'>;
}

/** New weights, to be stored. */
export interface Trained {
  readonly name: string;
  readonly artifact: Uint8Array;
  readonly series: number;
}

/** When predictors with weights are trained: on schedule, or once at a declared step. */
export class Training {
  readonly trainable: readonly Trainable[];
  /** Undefined when nothing is to be trained: then no history is kept. */
  readonly history: TrainingHistory | undefined;
  /** When weights were last trained, and the first step that was learnt; epoch ms. */
  trained: number | undefined;
  firstStep: number | undefined;
  readonly #settings: EngineSettings;
  readonly #once: number | undefined;
  readonly #failures: Failures;
  readonly #limitMs: number;

  /**
   * @param once train exactly once, at the first step at or after this (epoch ms); undefined = on schedule
   * @param limitMs longest training of one predictor; Infinity = no limit, as in a replay
   */
  constructor(trainable: readonly Trainable[], settings: EngineSettings, once: number | undefined, failures: Failures, limitMs: number) {
    this.trainable = trainable;
    this.#settings = settings;
    this.#once = once;
    this.#failures = failures;
    this.#limitMs = limitMs;
    const capacity = Math.min(MOST_HISTORY, Math.ceil(settings.training.history / settings.step));
    this.history = trainable.length > 0 ? new TrainingHistory(capacity) : undefined;
  }

  isDue(at: number): boolean {
    if (!this.history || this.firstStep === undefined) return false;
    if (this.#once !== undefined) return this.trained === undefined && at >= this.#once;
    const { after, every } = this.#settings.training;
    return at >= (this.trained === undefined ? this.firstStep + after : this.trained + every);
  }

  /** Trains every predictor that can; one that fails keeps its old weights. */
  async train(at: number, signal: AbortSignal): Promise<Trained[]> {
    this.trained = at;
    const all = this.history?.all() ?? [];
    const done: Trained[] = [];
    for (const { name, predictor } of this.trainable) {
      try {
        const artifact = await withTimeLimit(Promise.resolve(predictor.train?.(all, signal)), this.#limitMs, `train(${name})`);
        if (artifact === undefined) continue;
        predictor.use?.(artifact);
        done.push({ name, artifact, series: all.length });
        this.#failures.recovered('predict', name, 'training');
      } catch (error) {
        this.#failures.report('predict', name, 'training', error, 'the old weights stay');
      }
    }
    return done;
  }
}
