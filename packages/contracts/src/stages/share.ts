import type { SourceBatch } from './source.ts';

/** The shards of one instance, as a source that is shared among instances sees them. One partition is one shard. */
export interface Shards {
  /**
   * This instance owns the partition from now on. Resolves, once the state of its shard is here, with the position after which
   * to go on; undefined = from the beginning. Waits while another instance still holds the shard.
   *
   * @throws where `signal` aborts before
   */
  take(partition: string, signal: AbortSignal): Promise<string | undefined>;
  /** The next batch of a partition that was taken, in order. Resolves when there is room for more; false = it is no longer owned. */
  push(batch: SourceBatch): Promise<boolean>;
  /** These partitions are ours no longer. Resolves when each is drained, checkpointed, committed and released. */
  release(partitions: readonly string[]): Promise<void>;
}
