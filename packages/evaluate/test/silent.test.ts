import { defineAllocator, readForecast, use } from '@auspex/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type PoolTrace, type ReplayInput, replay } from '../src/index.ts';
import { MINUTE, periodic, requests, T0, traceConfig } from './traces.ts';

const HISTORY = 240;
const STEPS = 480;
/** Jumps every two hours, the same each time. */
const counts = Array.from({ length: HISTORY + STEPS }, (_, i) => (i % 120 < 60 ? 300 : 1500));
const autoscaler = { target: 0.7, tolerance: 0.1, stabilisation: 5 * MINUTE, min: 1, max: 100 };

/** Units for what is forecast for the lead time. */
const foreseeing = defineAllocator({
  id: 'foreseeing',
  summary: 'test',
  config: z.strictObject({}),
  create: () => ({
    begin: () => 0,
    allocate: (_state, { pools }) =>
      pools.map(({ pool, forecast }) => {
        const units = Math.max(pool.min, Math.ceil(readForecast(forecast, 4, 0.5) / (pool.unitRate * pool.target)));
        return { pool: pool.id, units, tier: 'none', reasons: [{ by: 'allocate(foreseeing)', units, text: 'as forecast' }] };
      }),
    encode: () => new Uint8Array(),
    decode: () => 0,
  }),
});

async function subject(more: Partial<ReplayInput>): Promise<PoolTrace> {
  const { report } = await replay({
    config: traceConfig({ events: requests(counts) }, { allocate: use(foreseeing), predictors: [use(periodic, { period: 120 })] }),
    title: 'test',
    source: 'made up',
    from: T0 + HISTORY * MINUTE,
    fleet: { autoscaler },
    baselines: [],
    ...more,
  });
  return report.runs.find(({ name }) => name === 'auspex')?.pools[0] as PoolTrace;
}
const short = ({ demand, supply }: PoolTrace, from = 0): number =>
  demand.reduce((sum, needed, i) => sum + (i < from ? 0 : Math.max(0, needed - (supply[i] as number))), 0);

describe('beside an autoscaler', () => {
  it('floors take nothing away from it, and when they end it is alone again within two cycles and its window', async () => {
    const alone = await subject({ silentFrom: T0 });
    const both = await subject({});
    const died = HISTORY + 200;
    const dies = await subject({ silentFrom: T0 + died * MINUTE });
    expect(short(both)).toBeLessThan(0.1 * short(alone));
    both.supply.forEach((units, i) => {
      expect(units).toBeGreaterThanOrEqual(alone.supply[i] as number);
    });
    const at = died - HISTORY;
    expect([...dies.supply.slice(0, at)]).toEqual([...both.supply.slice(0, at)]);
    // Its lease, the window of the autoscaler, and the lead time.
    const over = at + 2 + 5 + 10;
    expect([...dies.supply.slice(over)]).toEqual([...alone.supply.slice(over)]);
  });
});
