import { defineSource, type SourceBatch } from '@auspex/contracts';
import { hash32 } from '@auspex/numerics';
import { z } from 'zod';

/** About 200 requests a second since `from`, seven times as many from `incident` on for 20 s. Times in epoch ms, whole seconds. */
export interface Traffic {
  readonly from: number;
  readonly incident: number;
}

function requestsAt(at: number, { incident }: Traffic): number {
  const noise = (hash32(String(at), 7) >>> 0) / 2 ** 32 - 0.5;
  const usual = 200 + 40 * noise;
  return Math.round(at >= incident && at < incident + 20_000 ? 7 * usual : usual);
}

/** One event a second, as soon as the second is over; from the past at once. The position is the next second. */
export const traffic = (given: Traffic) =>
  defineSource({
    id: 'traffic',
    summary: 'Generated requests in real time.',
    config: z.strictObject({}),
    capabilities: { replayable: true, silence: 'zero' },
    create: (_, { clock }) => ({
      async *open(from, signal): AsyncGenerator<SourceBatch> {
        let next = Number(from['all'] ?? given.from);
        while (!signal.aborted) {
          const events = [];
          for (const now = clock.now(); next + 1_000 <= now && events.length < 600; next += 1_000)
            events.push({
              at: next,
              kind: 'request',
              group: 'retail',
              pop: '',
              outcome: 'served' as const,
              count: requestsAt(next, given),
            });
          if (events.length > 0) yield { partition: 'all', events, position: String(next), watermark: next };
          else await clock.sleep(50, signal).catch(() => undefined);
        }
      },
    }),
  });
