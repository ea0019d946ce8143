import type { Allocator, Forecast, Pool, PoolView } from '../../../packages/contracts/src/index.ts';
import { quantileAllocator } from '../../../packages/policies/src/index.ts';
import { play, poolOf } from './play.ts';
import type { Trace } from './traces.ts';

/** Prices of a replica-hour short against an idle one. */
const PRICES = [3, 10, 30, 100];

/** What one policy orders at the start of a minute. */
interface Row {
  readonly price: number;
  readonly t: number;
  readonly replicas: number;
}

/** Orders by each price at the start of every minute. Guards are off: how fast units may move is the world's business here. */
export async function planFor(trace: Trace, names: readonly string[] | undefined, folder: string | undefined): Promise<Row[]> {
  const policies = PRICES.map((price) => begin(price, trace));
  const rows: Row[] = [];
  await play(trace, names, folder, ({ at, t, forecast, before }) => {
    if (t < 0) return;
    for (const policy of policies) rows.push({ price: policy.price, t, replicas: order(policy, forecast, at, before ?? 0) });
  });
  return rows;
}

interface Policy {
  readonly price: number;
  readonly pool: Pool;
  readonly allocator: Allocator;
  readonly state: unknown;
  units: number;
}

function begin(price: number, trace: Trace): Policy {
  const { capacity, min, max, rates, history } = trace;
  const options = quantileAllocator.config.parse({ price });
  const allocator = quantileAllocator.create(options, undefined as never) as Allocator;
  const pool = poolOf(trace);
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
  const [proposal] = allocator.allocate(state, { step: at, stepMs: 60_000, pools: [view], popLimits: {} });
  policy.units = proposal?.units ?? units;
  return policy.units;
}
