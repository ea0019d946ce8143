import type { Predictor, TrainingSeries } from '@auspex/contracts';
import { elapsed } from '../defaults/stopwatch.ts';
import { withTimeLimit } from '../defaults/time-limit.ts';

export interface Trainable {
  readonly name: string;
  readonly predictor: Pick<Predictor, 'train' | 'use'>;
}

/** How the training of one predictor ended. */
export interface Ending {
  readonly trainable: Trainable;
  /** Undefined = there are no new weights, without a failure or with `error`. */
  readonly artifact: Uint8Array | undefined;
  readonly error: unknown;
  /** Wall clock, seconds. Never for the journal. */
  readonly seconds: number;
}

/** What a run is started with. */
export interface RunOptions {
  /** The step at which it begins, epoch ms: nothing later was learnt. */
  readonly at: number;
  /** When the weights go into service, epoch ms of event time. */
  readonly declared: number;
  readonly trainable: readonly Trainable[];
  readonly history: readonly TrainingSeries[];
  /** A step of the present began it, or was made beside it: from then on no step waits for it. */
  readonly present: boolean;
  /** How often a process has begun it, this time included once it works. */
  readonly tries: number;
  /** Why it is not even begun; each predictor ends with this. */
  readonly hopeless: Error | undefined;
  /** Longest training of one predictor, ms; Infinity = no limit. */
  readonly limitMs: number;
  /** Aborts when the engine stops. */
  readonly signal: AbortSignal;
}

/** One training of some predictors, one after the other, beside the steps. What was cut short by a stop has no ending. */
export class TrainingRun {
  readonly at: number;
  readonly declared: number;
  readonly series: number;
  present: boolean;
  tries: number;
  readonly #options: RunOptions;
  /** Not yet taken. */
  readonly #left: Set<Trainable>;
  readonly #ended: Ending[] = [];
  #working: Promise<void> | undefined;

  constructor(options: RunOptions) {
    this.at = options.at;
    this.declared = options.declared;
    this.series = options.history.length;
    this.present = options.present;
    this.tries = options.tries;
    this.#options = options;
    this.#left = new Set(options.trainable);
  }

  /** Predictors whose ending was not taken yet. */
  get names(): readonly string[] {
    return [...this.#left].map(({ name }) => name);
  }

  /** Begins to work, if it has not yet. Resolves, and never rejects, when all have ended or the engine stops. */
  work(): Promise<void> {
    this.#working ??= this.#trainAll();
    return this.#working;
  }

  get begun(): boolean {
    return this.#working !== undefined;
  }

  /** Never begun, since it ended the process too often? */
  get hopeless(): boolean {
    return this.#options.hopeless !== undefined;
  }

  /** Has every predictor ended, or had its ending taken? */
  get over(): boolean {
    return this.#ended.length === this.#left.size;
  }

  /** Endings since the last call, in the order of the predictors. */
  take(): readonly Ending[] {
    const taken = this.#ended.splice(0);
    for (const { trainable } of taken) this.#left.delete(trainable);
    return taken;
  }

  async #trainAll(): Promise<void> {
    const { trainable, signal } = this.#options;
    for (const each of trainable) {
      if (signal.aborted) return;
      const ending = await this.#trainOne(each);
      // Whatever it says by now, it may say so because it was told to stop.
      if (signal.aborted) return;
      this.#ended.push(ending);
    }
  }

  async #trainOne(trainable: Trainable): Promise<Ending> {
    const { history, limitMs, signal, hopeless } = this.#options;
    const { name, predictor } = trainable;
    if (hopeless) return { trainable, artifact: undefined, error: hopeless, seconds: 0 };
    const over = new AbortController();
    const stopped = whenAborted(signal);
    const begun = elapsed();
    const ending = (artifact: Uint8Array | undefined, error?: unknown): Ending => {
      return { trainable, artifact, error, seconds: (elapsed() - begun) / 1000 };
    };
    try {
      const training = (async () => predictor.train?.(history, AbortSignal.any([signal, over.signal])))();
      const artifact = await withTimeLimit(Promise.race([training, stopped.promise]), limitMs, `train(${name})`);
      if (artifact !== undefined && !(artifact instanceof Uint8Array)) throw new TypeError('answered with something that is no bytes');
      // A copy: it is used later, and its author may well use the array again.
      return ending(artifact && Uint8Array.from(artifact));
    } catch (error) {
      over.abort(error);
      return ending(undefined, error ?? new Error('failed without a reason'));
    } finally {
      stopped.forget();
    }
  }
}

/** Resolves when the signal aborts: whoever ignores a stop is waited for no longer. */
function whenAborted(signal: AbortSignal): { readonly promise: Promise<undefined>; forget(): void } {
  let forget = (): void => undefined;
  const promise = new Promise<undefined>((resolve) => {
    const stop = (): void => resolve(undefined);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    forget = () => signal.removeEventListener('abort', stop);
  });
  return { promise, forget };
}
