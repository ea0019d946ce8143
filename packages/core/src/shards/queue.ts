import type { SourceBatch } from '@auspex/contracts';

/** Batches on their way from a shared source to the shard that owns their partition; bounded, so that reading waits for the shard. */
export class BatchQueue {
  readonly #batches: SourceBatch[] = [];
  readonly #most: number;
  #closed = false;
  #wakeReader: (() => void) | undefined;
  readonly #wakeWriters: (() => void)[] = [];

  /** @param most batches that may wait; a writer waits above it */
  constructor(most = 4) {
    this.#most = most;
  }

  /** Resolves once there is room for the next one; false = the queue is closed, and the batch was not taken. */
  async push(batch: SourceBatch): Promise<boolean> {
    while (this.#batches.length >= this.#most && !this.#closed) await new Promise<void>((resolve) => this.#wakeWriters.push(resolve));
    if (this.#closed) return false;
    this.#batches.push(batch);
    this.#wakeReader?.();
    return true;
  }

  /** Ends the reading; what waits is dropped: the next owner reads it again. */
  close(): void {
    this.#closed = true;
    this.#batches.length = 0;
    this.#wakeReader?.();
    for (const wake of this.#wakeWriters.splice(0)) wake();
  }

  async *read(signal: AbortSignal): AsyncGenerator<SourceBatch> {
    const stop = (): void => this.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      for (;;) {
        const batch = this.#batches.shift();
        if (batch) {
          this.#wakeWriters.shift()?.();
          yield batch;
        } else if (this.#closed || signal.aborted) return;
        else await new Promise<void>((resolve) => (this.#wakeReader = resolve));
      }
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}
