import { defineSource, type SourceBatch, type UsageEvent } from '@auspex/contracts';
import { z } from 'zod';

export const T0 = Date.UTC(2026, 0, 5);

/** A source of `counts[i]` requests of one group in step i; below zero = nothing is known of the step. */
export const counted = (counts: readonly number[], stepMs: number) =>
  defineSource({
    id: 'counted',
    summary: 'test',
    config: z.strictObject({}),
    capabilities: { replayable: true, silence: 'gap' },
    create: () => ({
      async *open(): AsyncGenerator<SourceBatch> {
        for (let i = 0; i < counts.length; i += 100) {
          const events = counts
            .slice(i, i + 100)
            .map(
              (count, k): UsageEvent => ({ at: T0 + (i + k) * stepMs, kind: 'request', group: 'shop', pop: 'p', outcome: 'served', count }),
            )
            .filter(({ count }) => (count as number) >= 0);
          yield { partition: '0', events, position: String(i) };
        }
        yield { partition: '0', events: [], position: 'end', end: true };
      },
    }),
  });

export const steady = ({ perMinute, minutes }: { perMinute: number; minutes: number }) =>
  counted(
    Array.from({ length: minutes }, () => perMinute),
    60_000,
  );
