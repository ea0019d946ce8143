/** Answers that wait until the events before a position are durable. */
export class Acks {
  #waiting: { readonly upTo: number; readonly settle: (durable: boolean) => void }[] = [];
  #durable: number;

  /** @param durable events of earlier runs, all of which are durable */
  constructor(durable: number) {
    this.#durable = durable;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * @param upTo number of events, from the first ever, that have to be durable
   * @returns true once they are, false when there is no telling
   */
  wait(upTo: number, signal: AbortSignal): Promise<boolean> {
    if (upTo <= this.#durable) return Promise.resolve(true);
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const entry = {
        upTo,
        settle: (durable: boolean) => {
          signal.removeEventListener('abort', stop);
          resolve(durable);
        },
      };
      const stop = () => {
        this.#waiting = this.#waiting.filter((other) => other !== entry);
        resolve(false);
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#waiting.push(entry);
    });
  }

  /** A checkpoint holds the first `upTo` events. */
  commit(upTo: number): void {
    if (upTo <= this.#durable) return;
    this.#durable = upTo;
    // In the order of their events, since requests are queued one after the other.
    let n = 0;
    while (n < this.#waiting.length && (this.#waiting[n]?.upTo ?? 0) <= upTo) n++;
    for (const { settle } of this.#waiting.splice(0, n)) settle(true);
  }
}
