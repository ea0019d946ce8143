import type { UsageEvent } from '../data/event.ts';
import type { Shards } from './share.ts';

/** A piece of one partition's input, in order. */
export interface SourceBatch {
  /** The partition: a file, a Kafka partition. One partition is one shard. */
  readonly partition: string;
  /** May be empty: a batch can move only the position or the watermark. */
  readonly events: readonly UsageEvent[];
  /**
   * Where the partition stands after this batch. `open` with this position MUST go on with exactly the next event.
   * Opaque to the engine; at most 1 KB.
   */
  readonly position: string;
  /**
   * Event time (epoch ms) up to which the partition is complete. Default: the highest `at` seen. A source sets it to
   * say "healthy and silent" (live sources), or to mark the end of its input.
   */
  readonly watermark?: number;
  /** Spans [from, to) in which nothing was recorded: gaps are not demand zero. */
  readonly gaps?: readonly { readonly from: number; readonly to: number }[];
  /** Records in this batch that could not be read: counted, sampled into the log by the source, and skipped. */
  readonly malformed?: number;
  /** The partition ends here and will never say more. A source that returns ends all its partitions. */
  readonly end?: boolean;
}

/**
 * Stage 1: where usage events come from.
 *
 * `open` yields batches until the input ends or `signal` aborts; it MUST end promptly on abort and MUST NOT yield
 * after it. Order inside a partition MUST be the order of positions. When the input cannot be read it throws an
 * `AuspexError`: down is reported, never shown as silence.
 */
export interface Source {
  /**
   * @param from position of each partition to resume after; a partition that is absent starts at its beginning.
   */
  open(from: Readonly<Record<string, string>>, signal: AbortSignal): AsyncIterable<SourceBatch>;
  /** Called after a checkpoint that holds these positions is durable (Kafka commits offsets here). Optional. */
  commit?(positions: Readonly<Record<string, string>>): Promise<void>;
  /**
   * Takes part in the sharing of the partitions until `signal` aborts; only with the capability `shared`, and then in place of
   * `open`. It takes what the broker deals it, pushes each partition's batches in order, and releases what it loses.
   */
  share?(shards: Shards, signal: AbortSignal): Promise<void>;
  close?(): Promise<void>;
}

/** What a source declares. */
export interface SourceCapabilities {
  /** Can `open` go back to any earlier position? When false a crash loses what was not checkpointed, and `run` warns. */
  readonly replayable: boolean;
  /** What a step without any event means: `zero` demand (a log that is being written), or a `gap` (a table with missing rows). */
  readonly silence: 'zero' | 'gap';
  /**
   * Are its partitions dealt out among instances by a broker? Default false. One engine takes them all; where the config says `shared`,
   * `createShardedEngine` makes an engine of each.
   */
  readonly shared?: boolean;
}
