import { type AllocateInput, type Forecast, LEVELS, type Pool, type PoolView, type SamplePaths, type Surge } from '@auspex/contracts';
import { pathsOf } from './paths.ts';

/** Short, so that windows of minutes hold several steps. */
export const STEP_MS = 60_000;
/** A Monday. */
export const START = Date.UTC(2026, 0, 5);

/** The levels' quantiles for a median of 1. */
const SPREAD = [0.6, 0.7, 0.85, 1, 1.15, 1.3, 1.4, 1.6];
const HORIZON = [1, 2, 5, 6, 10, 20, 21, 60];

// One function each, so that two inputs made alike are equal.
const serves = (): boolean => true;
function paths(this: PoolView): SamplePaths {
  return pathsOf(this.forecast);
}
const importanceOf = (group: string): number => (group === 'b2b' ? 3 : 1);

export function pool(id: string, given: Partial<Pool> = {}): Pool {
  return {
    id,
    pop: 'fra',
    measure: 'requests',
    unitRate: 50,
    target: 0.7,
    min: 2,
    max: 40,
    leadTimeMs: 1_200_000,
    price: 1,
    importance: 1,
    control: 'full',
    serves,
    importanceOf,
    ...given,
  };
}

export function surge(group: string, pop: string, expected: number, actual: number, probability: number): Surge {
  return {
    group,
    pop,
    score: probability,
    probability,
    expected,
    actual,
    deviation: expected > 0 ? (actual - expected) / expected : 0,
    eventImpact: 0,
    contributions: [{ of: 'deviation', amount: probability, text: 'of the laws' }],
  };
}

/** A forecast with the same median at each step ahead. */
export function forecast(series: string, origin: number, median: number, fallback?: string): Forecast {
  return {
    series,
    origin,
    stepMs: STEP_MS,
    horizon: [...HORIZON],
    quantiles: Float64Array.from(HORIZON.flatMap(() => LEVELS.map((_, level) => median * (SPREAD[level] as number)))),
    by: fallback === undefined ? 'seasonal' : 'persistence',
    ...(fallback === undefined ? {} : { fallback }),
  };
}

/** A pool whose demand is and will be `demand`, from two groups, the first with the surge probability `surging`. */
export function view(of: Pool, step: number, demand: number, surging = 0, given: Partial<PoolView> = {}): PoolView {
  const parts = [
    ['retail', 0.75, surging],
    ['b2b', 0.25, surging / 2],
  ] as const;
  return {
    // A copy: a law that freezes its input must not freeze that of the next.
    pool: { ...of },
    units: 10,
    ready: 10,
    actual: demand,
    truth: 'observed',
    forecast: forecast(`pool:${of.id}`, step, demand),
    paths,
    groups: parts.map(([group, share, probability]) => ({
      surge: surge(group, of.pop, share * demand, share * demand, probability),
      expectedAtLead: share * demand,
    })),
    ...given,
  };
}

export function allocateInput(
  step: number,
  pools: readonly PoolView[],
  popLimits: AllocateInput['popLimits'] = {},
  budget?: AllocateInput['budget'],
): AllocateInput {
  return { step, stepMs: STEP_MS, pools, popLimits, ...(budget && { budget }) };
}

/** Three pools at two POPs. */
export const POOLS: readonly Pool[] = [
  pool('web'),
  pool('api', { min: 1, max: 20, unitRate: 20, target: 0.8, importance: 2, leadTimeMs: 300_000 }),
  pool('edge', { pop: 'ams', min: 0, max: 15, control: 'floor' }),
];

/** The `n`th step of some hours with highs, lows and a surge now and then; the same for the same `n`. */
export function nth(n: number, stepMs = STEP_MS): AllocateInput {
  const step = START + n * stepMs;
  const wave = 1 + 0.8 * Math.sin((2 * Math.PI * n) / 96);
  const surging = n % 37 < 3 ? 0.8 : (n % 7) / 14;
  const pools = POOLS.map((of, index) => {
    const demand = 300 * wave * (1 + index / 3);
    const seen = view(of, step, demand, surging, { units: 8 + (n % 5), ready: 8 });
    return { ...seen, forecast: { ...seen.forecast, stepMs } };
  });
  return { ...allocateInput(step, pools), stepMs };
}
