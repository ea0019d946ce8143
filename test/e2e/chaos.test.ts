import type { Allocator, Assessor, Calendar, Prediction, Predictor } from '@auspex/contracts';
import { defineAllocator, defineAssessor, defineCalendar, defineExtension, definePredictor, use } from '@auspex/core';
import { type PoolTrace, type ReplayInput, replay } from '@auspex/evaluate';
import { SeededRandom } from '@auspex/numerics';
import { preset, quantileAllocator, seasonal, seedAssessor } from '@auspex/preset';
import { describe, expect, it } from 'vitest';
import { MINUTE, requests, T0, traceConfig } from '../../packages/evaluate/test/traces.ts';

const DAY = 1_440;
const HISTORY = 4 * DAY;
const STEPS = 4 * DAY;
/** A day with a busy noon, noise, and on some days a crowd that nobody planned. */
const counts = ((): number[] => {
  const random = new SeededRandom('chaos');
  return Array.from({ length: HISTORY + STEPS }, (_, i) => {
    const day = Math.floor(i / DAY);
    const noon = 1 + 0.8 * Math.sin((2 * Math.PI * (i % DAY)) / DAY - Math.PI / 2);
    const crowd = day % 2 === 1 && i % DAY >= 900 && i % DAY < 960 ? 2.5 : 1;
    return Math.round(600 * noon * crowd * Math.exp(0.15 * random.normal()));
  });
})();
const autoscaler = { target: 0.7, tolerance: 0.1, stabilisation: 5 * MINUTE, min: 1, max: 200 };

async function run(over: Parameters<typeof traceConfig>[1], more: Partial<ReplayInput> = {}): Promise<PoolTrace> {
  const { allocate, profiler } = preset({ sources: [], pools: [] });
  const usual = { allocate, profiler, predictors: [use(seasonal)], assess: use(seedAssessor) };
  const pools = [{ id: 'web', unitRate: 1, leadTime: '5m' as const, max: 200 }];
  const { report } = await replay({
    config: traceConfig({ events: requests(counts) }, { ...usual, pools, ...over }),
    title: 'chaos',
    source: 'made up',
    from: T0 + HISTORY * MINUTE,
    fleet: { autoscaler },
    baselines: [],
    ...more,
  });
  return report.runs.find(({ name }) => name === 'auspex')?.pools[0] as PoolTrace;
}

/** Share of requests in steps with fewer units ready than needed, %. */
function overload({ demand, supply }: PoolTrace, from = 0): number {
  let [bad, all] = [0, 0];
  demand.forEach((needed, i) => {
    if (i < from) return;
    const count = counts[HISTORY + i] as number;
    all += count;
    if (needed > (supply[i] as number)) bad += count;
  });
  return (100 * bad) / all;
}

/**
 * Least share of the units of the autoscaler alone that are there at any step, a unit apart. Not 1: an autoscaler whose units a floor has
 * raised keeps them within its tolerance where, coming from fewer, it would have gone beyond (as the HPA of Kubernetes does).
 */
function least({ supply }: PoolTrace): number {
  return Math.min(...Array.from(supply, (units, i) => (units + 1) / (alone.supply[i] as number)));
}

/** What goes wrong, by chance and by seed; `count` says how often it did. */
class Faults {
  count = 0;
  readonly #random = new SeededRandom('faults');

  strike(share: number): boolean {
    const struck = this.#random.next() < share;
    if (struck) this.count++;
    return struck;
  }

  /** Which of `kinds`. */
  kind(kinds: number): number {
    return this.#random.below(kinds);
  }
}

const alone = await run({}, { silentFrom: T0 });

it('a thousand faults in predictor, allocator, assessor, calendar and hooks cost no more than the autoscaler alone, and take nothing from it', async () => {
  const faults = new Faults();
  const context = { signal: new AbortController().signal } as never;
  const predictor = definePredictor({
    ...seasonal,
    id: 'flaky',
    create(options, given) {
      const whole = seasonal.create(options, given) as Predictor;
      const forecast: Predictor['forecast'] = (state, request) => {
        const answer = whole.forecast(state, request);
        if (typeof answer === 'symbol' || !faults.strike(0.08)) return answer;
        const wrong = answer.quantiles.slice();
        const kind = faults.kind(5);
        if (kind === 0) throw new Error('out of memory');
        if (kind === 1) wrong.fill(Number.NaN);
        if (kind === 2) wrong.fill(0);
        if (kind === 3) wrong.fill(1e12);
        return { quantiles: kind === 4 ? wrong.subarray(1) : wrong } as Prediction;
      };
      return { ...whole, forecast };
    },
  });
  const allocator = defineAllocator({
    ...quantileAllocator,
    id: 'flaky-allocator',
    create(options) {
      const whole = quantileAllocator.create(options, context) as Allocator;
      const allocate: Allocator['allocate'] = (state, input) => {
        const proposals = whole.allocate(state, input);
        if (!faults.strike(0.05)) return proposals;
        const kind = faults.kind(4);
        if (kind === 0) throw new Error('division by zero');
        if (kind === 1) return [];
        return proposals.map((proposal) => ({ ...proposal, units: kind === 2 ? 0 : Number.NaN }));
      };
      return { ...whole, allocate };
    },
  });
  const assessor = defineAssessor({
    ...seedAssessor,
    id: 'flaky-assessor',
    create(options, given) {
      const whole = seedAssessor.create(options, given) as Assessor;
      return {
        assess(input) {
          if (faults.strike(0.02)) throw new Error('no such profile');
          return whole.assess(input);
        },
      };
    },
  });
  const calendar = defineCalendar({
    ...({ id: 'flaky-calendar', summary: 'test' } as const),
    config: seedAssessor.config,
    capabilities: {},
    create: (): Calendar => ({
      between: async () => {
        if (faults.strike(0.02)) throw new Error('502');
        return [];
      },
    }),
  } as never);
  const extension = defineExtension({
    id: 'flaky-hook',
    summary: 'test',
    config: seedAssessor.config,
    capabilities: {},
    create: () => ({
      decision(decision: { units: number }) {
        if (!faults.strike(0.03)) return undefined;
        if (faults.kind(2) === 0) throw new Error('webhook is down');
        return { ...decision, units: -5 };
      },
    }),
  } as never);
  const both = await run({
    predictors: [use(predictor)],
    allocate: use(allocator, { floor: 'reactive' }),
    assess: use(assessor),
    calendars: [use(calendar as never)],
    extensions: [use(extension as never)],
  });
  expect(faults.count).toBeGreaterThan(1_000);
  expect(overload(both)).toBeLessThanOrEqual(overload(alone) + 0.1);
  expect(least(both)).toBeGreaterThanOrEqual(1 - autoscaler.tolerance);
});

describe('when Auspex dies, and nobody takes its floors away', () => {
  it.each([
    ['at night', 2 * DAY + 180],
    ['at the peak', 2 * DAY + 720],
    ['in a crowd', 1 * DAY + 915],
  ])('%s, the fleet was better off than with its autoscaler alone, and its floor is gone two cycles later', async (_, died) => {
    const at = T0 + (HISTORY + died) * MINUTE;
    const dies = await run({}, { silentFrom: at });
    expect(overload(dies)).toBeLessThanOrEqual(overload(alone));
    expect(least(dies)).toBeGreaterThanOrEqual(1 - autoscaler.tolerance);
    // The floor is gone two cycles after its last order. The autoscaler's own window and lead time follow, and then it is where it would be
    // without Auspex as soon as both have been out of its tolerance.
    const settled = died + 2 + 5 + 5 + 1;
    const apart = dies.supply.slice(settled).filter((units, i) => units !== alone.supply[settled + i]).length;
    expect(apart).toBeLessThan(60);
  });

  it('while it lives it is worth having: less than a third of the requests are in overloaded steps', async () => {
    expect(overload(await run({}))).toBeLessThan(overload(alone) / 3);
  });
});
