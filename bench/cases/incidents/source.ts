import { z } from 'zod';
import { defineSource, type SourceBatch } from '../../../packages/contracts/src/index.ts';
import type { Minutes } from './minutes.ts';
import { MINUTE } from './pool.ts';

/** Minutes handed over at once. */
const BATCH = 240;

/** All pools' events, minute by minute. */
export const worldSource = (pools: readonly Minutes[], from: number, to: number) =>
  defineSource({
    id: 'world',
    summary: 'A made world.',
    config: z.strictObject({}),
    capabilities: { replayable: true, silence: 'zero' },
    create: () => ({
      async *open(_from, signal): AsyncGenerator<SourceBatch> {
        for (let begin = from; begin < to && !signal.aborted; begin += BATCH * MINUTE) {
          const end = Math.min(to, begin + BATCH * MINUTE);
          const events = [];
          for (let at = begin; at < end; at += MINUTE) for (const pool of pools) events.push(...pool.next(at));
          yield { partition: 'world', events, position: String(end), gaps: [], watermark: end };
        }
      },
    }),
  });
