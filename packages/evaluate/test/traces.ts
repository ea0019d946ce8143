import { defineSource, LEVELS, NOT_READY, type Observation, type SourceBatch, type UsageEvent } from '@auspex/contracts';
import { type AuspexConfig, definePredictor, use } from '@auspex/core';
import { pack, unpack } from '@auspex/numerics';
import { reactiveAllocator } from '@auspex/policies';
import { z } from 'zod';
import { noAssessor, noProfiler, noStore } from '../src/index.ts';

export const MINUTE = 60_000;
export const T0 = Date.UTC(2026, 0, 5);

export interface Trace {
  readonly events: readonly UsageEvent[];
  readonly gaps?: readonly { readonly from: number; readonly to: number }[];
  readonly silence?: 'zero' | 'gap';
  /** What the source vouches for at its end, epoch ms. */
  readonly end?: number;
  /** Events in a batch. Default 500. */
  readonly batch?: number;
}

/** One event of `count` requests a step and group. */
export function requests(counts: readonly number[], group = 'a', pop = 'p', more: (count: number) => Partial<UsageEvent> = () => ({})) {
  return counts.map(
    (count, i): UsageEvent => ({ at: T0 + i * MINUTE, kind: 'request', group, pop, outcome: 'served', count, ...more(count) }),
  );
}

export const traceSource = ({ events, gaps = [], silence = 'zero', end, batch = 500 }: Trace) =>
  defineSource({
    id: 'trace',
    summary: 'test',
    config: z.strictObject({}),
    capabilities: { replayable: true, silence },
    create: () => ({
      async *open(): AsyncGenerator<SourceBatch> {
        const sorted = [...events].sort((a, b) => a.at - b.at);
        for (let i = 0; i < sorted.length; i += batch) {
          yield {
            partition: 'trace',
            events: sorted.slice(i, i + batch).map((event) => ({ ...event })),
            position: String(i),
            ...(i === 0 ? { gaps } : {}),
          };
        }
        yield { partition: 'trace', events: [], position: 'end', ...(end === undefined ? {} : { watermark: end }), end: true };
      },
    }),
  });

/** Forecasts what was seen a period before: exact on a wave of that period. */
export const periodic = definePredictor({
  id: 'periodic',
  summary: 'test',
  config: z.strictObject({ period: z.int() }),
  capabilities: { batch: false, trains: false },
  create: ({ period }): import('@auspex/contracts').Predictor<{ values: Map<number, number>; last: number }> => ({
    begin: () => ({ values: new Map(), last: Number.NaN }),
    observe: (state, { step, value, truth }: Observation) => {
      if (truth === 'observed') state.values.set(step, value);
      return state;
    },
    forecast: ({ values }, { origin, horizon }) => {
      const at = (h: number): number | undefined => values.get(origin + (h - 1 - period) * MINUTE);
      if (horizon.some((h) => at(h) === undefined)) return NOT_READY;
      return { quantiles: Float64Array.from(horizon.flatMap((h) => LEVELS.map(() => at(h) as number))) };
    },
    encode: (state) => pack([...state.values]),
    decode: (bytes) => ({ values: new Map(unpack<[number, number][]>(bytes)), last: 0 }),
  }),
});

export function traceConfig(trace: Trace, over: Partial<AuspexConfig> = {}): AuspexConfig {
  return {
    lateness: '0s',
    sources: [use(traceSource(trace))],
    profiler: use(noProfiler),
    assess: use(noAssessor),
    allocate: use(reactiveAllocator),
    store: use(noStore),
    pools: [{ id: 'web', unitRate: 1, leadTime: '3m' }],
    ...over,
  };
}
