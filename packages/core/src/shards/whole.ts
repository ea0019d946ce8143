import type { Shards, Source, SourceBatch } from '@auspex/contracts';
import { BatchQueue } from './queue.ts';

/** A source whose partitions are dealt out among instances, read whole by one: whatever it is dealt goes into the one engine, which decides. */
export function wholeSource(source: Source): Source {
  return {
    ...(source.commit && { commit: (positions) => source.commit?.(positions) as Promise<void> }),
    async *open(from: Readonly<Record<string, string>>, signal: AbortSignal): AsyncGenerator<SourceBatch> {
      const positions = new Map(Object.entries(from));
      const queue = new BatchQueue();
      const shards: Shards = {
        take: async (partition) => positions.get(partition),
        push: async (batch) => {
          const taken = await queue.push(batch);
          // A partition that is dealt again goes on after what the engine was given, not where it was opened.
          if (taken) positions.set(batch.partition, batch.position);
          return taken;
        },
        // It stays with the engine: nobody else can go on with it.
        release: async () => undefined,
      };
      const sharing = source.share?.(shards, signal).finally(() => queue.close());
      // Told below, once what it had pushed is read.
      sharing?.catch(() => undefined);
      yield* queue.read(signal);
      if (!signal.aborted) await sharing;
    },
  };
}
