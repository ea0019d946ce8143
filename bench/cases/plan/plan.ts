import type { Allocator, Forecast, Pool, PoolView, SeriesInfo } from '../../../packages/contracts/src/index.ts';
import { horizonGrid } from '../../../packages/core/src/forecasting/grid.ts';
import { quantileAllocator } from '../../../packages/policies/src/index.ts';
import { preset } from '../../../packages/preset/src/index.ts';
import { beginForecasting, type Predictors } from '../forecast/replay.ts';
import type { Trace } from './traces.ts';

const MINUTE = 60_000;
/** A Monday: the traces do not say which day they begin on. */
const START = Date.UTC(2024, 0, 1);
/** Prices of a replica-hour short against an idle one. */
const PRICES = [3, 10, 30, 100];

/** What one policy orders at the start of a minute. */
interface Row {
  readonly price: number;
  readonly t: number;
  readonly replicas: number;
}

/** The predictors of a pool in the preset, or those named. */
function predictors(names: readonly string[] | undefined): Predictors {
  const known = (preset({ sources: [], pools: [] }).predictors ?? []).filter((use) => use.for !== 'groups');
  if (!names) return known;
  return names.map((name) => known.find(({ use }) => (typeof use === 'string' ? use : use.id) === name) ?? { use: name }) as Predictors;
}

/**
 * Plays a trace minute by minute: forecasts from the rates before each minute, and orders by each price. Guards are off: how fast units may
 * move is the world's business here.
 */
export async function planFor(trace: Trace, names: readonly string[] | undefined, folder: string | undefined): Promise<Row[]> {
  const { delay, rates, history } = trace;
  const horizon = horizonGrid(delay + 2);
  const kept = folder === undefined ? undefined : { folder, spent: () => undefined };
  const { stage, training } = beginForecasting(predictors(names), MINUTE, kept);
  const info: SeriesInfo = {
    id: 'pool:plan',
    scope: 'pool',
    name: 'plan',
    pop: '*',
    measure: 'requests',
    zone: 'UTC',
    stepMs: MINUTE,
    ahead: horizon.at(-1) as number,
  };
  const series = stage.begin(info, horizon);
  const policies = PRICES.map((price) => begin(price, trace));
  const rows: Row[] = [];
  const start = START - history * MINUTE;
  training.firstStep = start;
  for (let i = 0; i < rates.length; i++) {
    const at = start + i * MINUTE;
    if (i > 0) {
      const observation = { step: at - MINUTE, value: (rates[i - 1] as number) / 60, truth: 'observed' as const };
      stage.observe(series, observation);
      training.history?.push(info, observation);
      if (training.isDue(at)) {
        training.begin(at, false);
        await training.finished();
      }
      for (const trained of training.settle(at)) if (trained.error !== undefined) throw trained.error;
    }
    const [forecast] = await stage.forecast([series], at);
    if (i < history || forecast === undefined) continue;
    const actual = (rates[i - 1] ?? 0) / 60;
    for (const policy of policies) rows.push({ price: policy.price, t: i - history, replicas: order(policy, forecast, at, actual) });
  }
  return rows;
}

interface Policy {
  readonly price: number;
  readonly pool: Pool;
  readonly allocator: Allocator;
  readonly state: unknown;
  units: number;
}

function begin(price: number, { capacity, share, min, max, delay, rates, history }: Trace): Policy {
  const options = quantileAllocator.config.parse({ price });
  const allocator = quantileAllocator.create(options, undefined as never) as Allocator;
  const pool: Pool = {
    id: 'plan',
    pop: '*',
    measure: 'requests',
    unitRate: capacity / 60,
    target: share,
    min,
    max,
    leadTimeMs: delay * MINUTE,
    price: 1,
    importance: 1,
    control: 'full',
    serves: () => true,
    importanceOf: () => 1,
  };
  // What the world begins with: an HPA at 70 %.
  const units = Math.min(Math.max(Math.ceil((rates[history - 1] ?? 0) / (0.7 * capacity)), min), max);
  return { price, pool, allocator, state: allocator.begin(), units };
}

function order(policy: Policy, forecast: Forecast, at: number, actual: number): number {
  const { pool, allocator, state, units } = policy;
  const view: PoolView = {
    pool,
    units,
    ready: units,
    actual,
    truth: 'observed',
    forecast,
    paths: () => {
      throw new Error('this policy reads the forecast alone');
    },
    groups: [],
  };
  const [proposal] = allocator.allocate(state, { step: at, stepMs: MINUTE, pools: [view], popLimits: {} });
  policy.units = proposal?.units ?? units;
  return policy.units;
}
