import { defineSource, type SourceBatch, type UsageEvent } from '@auspex/contracts';
import { z } from 'zod';
import type { Recording } from './recorder.ts';

/** Steps handed over at once. */
const BATCH = 1000;

/** The name under which a pool's total is a group. Not the pool's own, which a glob could read as a pattern. */
export function totalOf(index: number): string {
  return `total-${index}`;
}

/**
 * The demand that one replay recorded, as a source for the next: each pool's total as the requests of one group at the
 * pool's POP. It begins with the last step of the history, so that the first decision has the same step as the
 * subject's. Baselines then run on the very same demand, through the same engine.
 */
export const totalsSource = (recording: Recording) =>
  defineSource({
    id: 'totals',
    summary: 'Recorded demand of pools.',
    config: z.strictObject({}),
    capabilities: { replayable: true, silence: 'gap' },
    create: () => ({
      async *open(_from, signal): AsyncGenerator<SourceBatch> {
        const { from, steps, stepMs, historySteps } = recording;
        for (let first = historySteps > 0 ? -1 : 0; first < steps && !signal.aborted; first += BATCH) {
          const end = Math.min(steps, first + BATCH);
          const events: UsageEvent[] = [];
          const gaps: { from: number; to: number }[] = [];
          for (let i = first; i < end; i++) addStep(recording, i, events, gaps);
          const to = from + end * stepMs;
          yield { partition: 'totals', events, position: String(to), gaps, watermark: to };
        }
      },
    }),
  });

function addStep({ from, stepMs, pools }: Recording, i: number, events: UsageEvent[], gaps: { from: number; to: number }[]): void {
  const at = from + i * stepMs;
  for (const [index, { pool, rate, history }] of pools.entries()) {
    const known = i < 0 ? history.last : (rate[i] as number);
    if (Number.isNaN(known)) {
      // A gap is one of all pools.
      gaps.push({ from: at, to: at + stepMs });
      return;
    }
    const pop = pool.pop === '*' ? '' : pool.pop;
    events.push({ at, kind: 'request', group: totalOf(index), pop, outcome: 'served', count: (known * stepMs) / 1000 });
  }
}
