import { defineSource, type Shards, type SourceBatch } from '@auspex/contracts';
import { kafka } from '@auspex/preset';
import { BatchQueue } from '../../../packages/core/src/shards/queue.ts';

/**
 * The source `kafka` for one engine that sees all partitions. `auspex run` deals them out to shards, which learn and decide nothing;
 * here the one instance takes whatever it is dealt, so that a live engine can decide on what a real broker says.
 */
export const wholeTopic = defineSource({
  id: 'whole-topic',
  summary: 'A Kafka topic, read by one instance.',
  config: kafka.config,
  capabilities: { replayable: true, silence: 'zero' },
  create: (options, context) => {
    const source = kafka.create(options, context);
    return {
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
          release: async () => undefined,
        };
        const sharing = source.share?.(shards, signal).finally(() => queue.close());
        sharing?.catch(() => undefined);
        yield* queue.read(signal);
        if (!signal.aborted) await sharing;
      },
      commit: async (at: Readonly<Record<string, string>>) => source.commit?.(at),
    };
  },
});
