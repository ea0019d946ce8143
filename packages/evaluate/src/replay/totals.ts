import { defineSource, type SourceBatch, type UsageEvent } from '@auspex/contracts';
import { z } from 'zod';
import type { Recording } from './recorder.ts';

/** Steps handed over at once. */
const BATCH = 1000;

/**
 * The demand that one replay recorded, as a source for the next: each pool's total as the requests of a group of the
 * pool's name. Baselines then run on the very same demand, through the same engine.
 */
export const totalsSource = (recording: Recording) =>
  defineSource({
    id: 'totals',
    summary: 'Recorded demand of pools.',
    config: z.strictObject({}),
    capabilities: { replayable: true, silence: 'gap' },
    create: () => ({
      async *open(_from, signal): AsyncGenerator<SourceBatch> {
        const { steps, stepMs } = recording;
        for (let first = 0; first < steps && !signal.aborted; first += BATCH) {
          const events: UsageEvent[] = [];
          const gaps: { from: number; to: number }[] = [];
          for (let i = first; i < Math.min(steps, first + BATCH); i++) {
            const at = recording.from + i * stepMs;
            for (const pool of recording.pools) {
              const rate = pool.rate[i] as number;
              if (Number.isNaN(rate)) gaps.push({ from: at, to: at + stepMs });
              else events.push({ at, kind: 'request', group: pool.pool.id, pop: '', outcome: 'served', count: (rate * stepMs) / 1000 });
            }
          }
          const to = recording.from + Math.min(steps, first + BATCH) * stepMs;
          yield { partition: 'totals', events, position: String(to), gaps, watermark: to };
        }
      },
    }),
  });
