import { defineSource, type Plugin, type SourceBatch } from '@auspex/contracts';
import { z } from 'zod';
import type { BatchQueue } from './queue.ts';

/** What a shard's engine reads: one partition of the shared source, through a queue. */
export interface PartitionReading {
  readonly partition: string;
  readonly queue: BatchQueue;
  /** Told the position after which the engine wants to go on, once it has restored its state; undefined = from the beginning. */
  readonly onOpen: (position: string | undefined) => void;
  /** Told a position that is durable in the checkpoint. */
  readonly onDurable: (position: string) => Promise<void>;
}

/** A source of one partition, as a plugin: the shard's engine does not know that it is shared. */
export function partitionSource(id: string, silence: 'zero' | 'gap', reading: PartitionReading): Plugin<'source'> {
  const { partition, queue, onOpen, onDurable } = reading;
  return defineSource({
    id,
    summary: `Partition ${partition} of a shared source.`,
    config: z.strictObject({}),
    capabilities: { replayable: true, silence },
    create: () => ({
      open: (from: Readonly<Record<string, string>>, signal: AbortSignal): AsyncIterable<SourceBatch> => {
        onOpen(from[partition]);
        return queue.read(signal);
      },
      commit: async (positions: Readonly<Record<string, string>>) => {
        const position = positions[partition];
        if (position !== undefined) await onDurable(position);
      },
    }),
  }) as unknown as Plugin<'source'>;
}
