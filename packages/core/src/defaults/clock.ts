import type { Clock } from '@auspex/contracts';

/** Rejects with the signal's reason once it aborts. */
function aborted(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}

/** The wall clock. */
export class WallClock implements Clock {
  now(): number {
    return Date.now();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(aborted(signal));
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(aborted(signal as AbortSignal));
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}

/** The trace's own time: it is what it was last set to, and sleeping does not wait. */
export class VirtualClock implements Clock {
  #now: number;

  constructor(start = 0) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  /** Moves to `at` (epoch ms); never back. */
  advance(at: number): void {
    if (at > this.#now) this.#now = at;
  }

  async sleep(ms: number): Promise<void> {
    this.advance(this.#now + ms);
  }
}

/** The wall clock run `factor` times as fast from `start` on: for tests against real servers. */
export class PacedClock implements Clock {
  readonly #start: number;
  readonly #factor: number;
  readonly #wall: Clock;
  readonly #began: number;

  constructor(start: number, factor: number, wall: Clock = new WallClock()) {
    this.#start = start;
    this.#factor = factor;
    this.#wall = wall;
    this.#began = wall.now();
  }

  now(): number {
    return this.#start + (this.#wall.now() - this.#began) * this.#factor;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#wall.sleep(ms / this.#factor, signal);
  }
}
