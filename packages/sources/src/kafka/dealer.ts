/** What a partition goes through. */
export interface Dealing<Held> {
  /** Gets hold of the partition. @throws where `signal` aborts before it has it */
  take(partition: number, signal: AbortSignal): Promise<Held>;
  /** Lets go of a partition that is dealt to somebody else now. */
  give(partition: number, held: Held): Promise<void>;
  /** A partition that is held was dealt anew: reading goes on from here. */
  ready(partition: number, held: Held): Promise<void>;
}

/**
 * Brings about what the broker has dealt, each partition by itself: a deal only says what is wanted, and each partition is taken,
 * given or made ready until it is as the latest deal wants it. A partition that waits for its shard holds nobody up, and whatever
 * order deals, takes and losses come in, the end is the same.
 */
export class Dealer<Held> {
  readonly #dealing: Dealing<Held>;
  readonly #held = new Map<number, Held>();
  /** The deal in which a held partition was last made ready. */
  readonly #readied = new Map<number, number>();
  readonly #settling = new Map<number, Promise<void>>();
  /** Waits for a partition that another instance still holds. */
  readonly #waiting = new Map<number, AbortController>();
  readonly #onError: (error: unknown) => void;
  #dealt: ReadonlySet<number> = new Set();
  #deal = 0;
  #closed = false;

  /** @param onError told what a step threw; nothing more is done for that partition before the next deal */
  constructor(dealing: Dealing<Held>, onError: (error: unknown) => void) {
    this.#dealing = dealing;
    this.#onError = onError;
  }

  get(partition: number): Held | undefined {
    return this.#held.get(partition);
  }

  get held(): ReadonlyMap<number, Held> {
    return this.#held;
  }

  /** These partitions are wanted from now on, and no others. Resolves when everything is so. */
  async deal(partitions: readonly number[]): Promise<void> {
    if (!this.#closed) await this.#bringAbout(partitions);
  }

  /** Gives everything, and takes nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#bringAbout([]);
  }

  async #bringAbout(partitions: readonly number[]): Promise<void> {
    this.#dealt = new Set(partitions);
    this.#deal++;
    for (const [partition, waiting] of this.#waiting)
      if (!this.#dealt.has(partition)) waiting.abort(new Error('dealt to another instance'));
    await Promise.all([...new Set([...partitions, ...this.#held.keys(), ...this.#settling.keys()])].map((each) => this.#settle(each)));
  }

  /** What was held is gone without having been given: it is taken anew where it is still wanted. */
  lost(partition: number, held: Held): void {
    if (this.#held.get(partition) !== held) return;
    this.#held.delete(partition);
    void this.#settle(partition);
  }

  #settle(partition: number): Promise<void> {
    const settling = this.#settling.get(partition);
    if (settling) return settling;
    const { promise, resolve } = ending();
    this.#settling.set(partition, promise);
    void this.#step(partition).catch(this.#onError).finally(resolve);
    return promise;
  }

  async #step(partition: number): Promise<void> {
    try {
      for (;;) {
        const held = this.#held.get(partition);
        const wanted = this.#dealt.has(partition);
        const deal = this.#deal;
        if (wanted && held === undefined) await this.#take(partition);
        else if (!wanted && held !== undefined) {
          this.#held.delete(partition);
          await this.#dealing.give(partition, held);
        } else if (wanted && held !== undefined && this.#readied.get(partition) !== deal) {
          await this.#dealing.ready(partition, held);
          this.#readied.set(partition, deal);
        } else return;
      }
    } finally {
      // In the same turn as the last look at what is wanted: a deal that comes a turn later must not be told that somebody sees to it.
      this.#settling.delete(partition);
    }
  }

  async #take(partition: number): Promise<void> {
    const waiting = new AbortController();
    this.#waiting.set(partition, waiting);
    this.#readied.delete(partition);
    try {
      this.#held.set(partition, await this.#dealing.take(partition, waiting.signal));
    } catch (error) {
      if (!waiting.signal.aborted) throw error;
    } finally {
      this.#waiting.delete(partition);
    }
  }
}

function ending(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
