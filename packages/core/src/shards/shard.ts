import { AuspexError, type Clock, type SourceBatch } from '@auspex/contracts';
import type { Engine } from '../engine.ts';
import type { BatchQueue } from './queue.ts';

/** How often a shard that another instance holds is asked for again, milliseconds. */
const ASK_MS = 250;

/** What makes the engine of one shard, and says where it wants to go on. */
export type ShardMaker = (queue: BatchQueue) => { readonly engine: Engine; readonly position: Promise<string | undefined> };

/** One partition that this instance owns: an engine of its own on a part of the store of its own. */
export class Shard {
  readonly #engine: Engine;
  readonly #queue: BatchQueue;
  readonly #running: Promise<void>;

  private constructor(engine: Engine, queue: BatchQueue, running: Promise<void>) {
    this.#engine = engine;
    this.#queue = queue;
    this.#running = running;
  }

  /**
   * Opens a shard once its lease is free: the last owner has written everything and let go, or its lease has run out.
   * @throws what the engine's start throws, and where `signal` aborts while it waits
   */
  static async open(
    make: ShardMaker,
    newQueue: () => BatchQueue,
    clock: Clock,
    signal: AbortSignal,
  ): Promise<{ shard: Shard; position: string | undefined }> {
    for (;;) {
      signal.throwIfAborted();
      const queue = newQueue();
      const { engine, position } = make(queue);
      try {
        await engine.start();
      } catch (error) {
        if (!(error instanceof AuspexError && error.code === 'STORE_LOCKED')) throw error;
        await clock.sleep(ASK_MS, signal);
        continue;
      }
      const running = engine.run();
      // Who waits for `failed` is told; until then nobody else is.
      running.catch(() => undefined);
      return { shard: new Shard(engine, queue, running), position: await position };
    }
  }

  get engine(): Engine {
    return this.#engine;
  }

  /** Settles when the shard's engine ends: resolves where it was closed, rejects where it broke. */
  get running(): Promise<void> {
    return this.#running;
  }

  push(batch: SourceBatch): Promise<boolean> {
    return this.#queue.push(batch);
  }

  /** Drains what has been taken, checkpoints, commits and lets go of the lease. */
  async close(): Promise<void> {
    this.#queue.close();
    await this.#engine.close();
  }
}
