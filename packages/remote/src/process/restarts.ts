import { AuspexError, type Clock, formatDuration, type Random } from '@auspex/contracts';
import { ExponentialBackoff, type IBackoff } from 'cockatiel';

/** When a process is started again. Milliseconds. */
export interface RestartOptions {
  /** Wait after the first failure; it doubles with each that follows. */
  readonly first: number;
  /** Longest wait. */
  readonly max: number;
  /** After this long without a failure the waits begin anew. */
  readonly reset: number;
}

/**
 * Exponential back-off between starts of one process, in the engine's time. Half of each wait is chance, so that the processes
 * that one cause ended do not all start in the same moment.
 */
export class Restarts {
  readonly #options: RestartOptions;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #delays: ExponentialBackoff<number>;
  #backoff: IBackoff<unknown> | undefined;
  #notBefore = Number.NEGATIVE_INFINITY;
  #startedAt: number | undefined;
  #last = '';

  constructor(options: RestartOptions, clock: Pick<Clock, 'now'>, random: Random) {
    this.#options = options;
    this.#clock = clock;
    this.#delays = new ExponentialBackoff<number>({
      initialDelay: options.first,
      maxDelay: options.max,
      generator: (failures = 0, { initialDelay, maxDelay, exponent }) => {
        const delay = Math.min(maxDelay, initialDelay * exponent ** failures);
        return [(delay * (1 + random.next())) / 2, failures + 1];
      },
    });
  }

  /** @throws AuspexError `PLUGIN_CRASHED` while it is too early for another start */
  check(who: string): void {
    const wait = this.#notBefore - this.#clock.now();
    if (wait <= 0) return;
    throw new AuspexError('PLUGIN_CRASHED', `is started again in ${formatDuration(Math.ceil(wait))}; ${this.#last}`, { path: who });
  }

  started(): void {
    this.#startedAt = this.#clock.now();
  }

  /** Takes note of a failure. Returns the wait until the next start, ms. */
  failed(why: string): number {
    const now = this.#clock.now();
    const healthy = this.#startedAt !== undefined && now - this.#startedAt >= this.#options.reset;
    this.#startedAt = undefined;
    this.#backoff = healthy || this.#backoff === undefined ? this.#delays.next() : this.#backoff.next(undefined);
    const wait = this.#backoff.duration;
    this.#notBefore = now + wait;
    this.#last = why;
    return wait;
  }
}
