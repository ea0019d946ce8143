export interface Sleeper {
  /** Epoch ms. */
  readonly until: number;
  wake(): void;
}

/** Who sleeps by a clock. */
export class Sleepers {
  readonly #all = new Set<Sleeper>();

  get size(): number {
    return this.#all.size;
  }

  /** Who is due first; of those that are due at once, who fell asleep first. */
  get next(): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#all) if (!first || sleeper.until < first.until) first = sleeper;
    return first;
  }

  /** Resolves when it is woken; rejects with the signal's reason once that aborts. */
  add(until: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = (): void => reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      if (signal?.aborted) return refuse();
      const sleeper: Sleeper = {
        until,
        wake: () => {
          this.#all.delete(sleeper);
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      const onAbort = (): void => {
        this.#all.delete(sleeper);
        refuse();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#all.add(sleeper);
    });
  }
}
