import { type AllocateInput, type Forecast, LEVELS, type Pool, type PoolView, type Surge } from '@auspex/contracts';

export const STEP = 60_000;
export const NOON = Date.UTC(2026, 0, 5, 12);

export function pool(over: Partial<Pool> = {}): Pool {
  return {
    id: 'web',
    pop: 'ATL',
    measure: 'requests',
    unitRate: 5,
    target: 0.7,
    min: 1,
    max: 1000,
    leadTimeMs: 15 * STEP,
    price: 1,
    importance: 1,
    control: 'full',
    serves: () => true,
    importanceOf: () => 1,
    ...over,
  };
}

/** A forecast whose median at step h is `median(h)`, other levels scaled by 0.5 + level. */
export function forecast(
  median: (ahead: number) => number,
  horizon: readonly number[] = [1, 2, 4, 8, 16, 24],
  over: Partial<Forecast> = {},
): Forecast {
  const quantiles = Float64Array.from(horizon.flatMap((ahead) => LEVELS.map((level) => median(ahead) * (0.5 + level))));
  return { series: 'pool:web', origin: NOON, stepMs: STEP, horizon, quantiles, by: 'test', ...over };
}

export function surge(group: string, probability: number, actual = 0): Surge {
  return { group, pop: 'ATL', score: probability, probability, expected: 0, actual, deviation: 0, eventImpact: 0, contributions: [] };
}

export function view(over: Partial<PoolView> = {}): PoolView {
  return {
    pool: pool(),
    units: 10,
    ready: 10,
    actual: 30,
    truth: 'observed',
    forecast: forecast(() => 42),
    paths: () => {
      throw new Error('these policies read the forecast alone');
    },
    groups: [{ surge: surge('all', 0), expectedAtLead: 42 }],
    ...over,
  };
}

export function input(pools: readonly PoolView[], over: Partial<AllocateInput> = {}): AllocateInput {
  return { step: NOON, stepMs: STEP, pools, popLimits: {}, ...over };
}
