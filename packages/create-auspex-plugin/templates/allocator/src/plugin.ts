import { type AllocateInput, type Allocator, defineAllocator, LEVELS, type PoolView, type Proposal } from '@auspex/contracts';
import { z } from 'zod';

const options = z.strictObject({
  level: z
    .number()
    .refine((level) => LEVELS.includes(level), { error: `use one of ${LEVELS.join(', ')}` })
    .default(0.9)
    .describe('Level of the forecast that units are bought for: 0.9 = enough nine times of ten. Default 0.9.'),
  surge: z.number().gte(1).default(1.5).describe('Factor on it while a surge of a group is more likely than not. Default 1.5.'),
});

/** What a pool is to get, and why. */
interface Wish {
  readonly view: PoolView;
  readonly units: number;
  readonly surging: boolean;
  readonly text: string;
}

/** Buys units for a quantile of the forecast at the lead time. */
class QuantileAllocator implements Allocator<undefined> {
  readonly #options: z.output<typeof options>;

  constructor(given: z.output<typeof options>) {
    this.#options = given;
  }

  // This one needs no state. One that does keeps it here: data that `encode` writes with each checkpoint, and `allocate` may change.
  begin(): undefined {}

  /** One proposal a pool, inside its bounds. How fast units may move is the business of the guards. */
  allocate(_: undefined, input: AllocateInput): Proposal[] {
    return limited(
      input.pools.map((view) => this.#wish(view, input.stepMs)),
      input,
    );
  }

  encode(): Uint8Array {
    return new Uint8Array();
  }

  decode(bytes: Uint8Array): undefined {
    if (bytes.length > 0) throw new TypeError('this is no state of __ID__: it has none');
  }

  #wish(view: PoolView, stepMs: number): Wish {
    const { pool, forecast, groups, truth, actual } = view;
    const surging = groups.some(({ surge }) => surge.probability > 0.5);
    const foreseen = atLead(view, stepMs, this.#options.level) * (surging ? this.#options.surge : 1);
    // What is seen counts, too; what was missing or masked is no zero, and no demand.
    const seen = truth === 'observed' || truth === 'censored' ? actual : 0;
    const demand = Math.max(foreseen, seen);
    const units = Math.min(Math.max(Math.ceil(demand / (pool.unitRate * pool.target) - 1e-9), pool.min), pool.max);
    const by = forecast.fallback === undefined ? forecast.by : `${forecast.by} (${forecast.fallback})`;
    return { view, units, surging, text: `${demand.toPrecision(3)}/s at the lead time by ${by}${surging ? ', in a surge' : ''}` };
  }
}

/** The forecast at one level for when an order of now would serve. */
function atLead({ pool, forecast }: PoolView, stepMs: number, level: number): number {
  const steps = Math.ceil(pool.leadTimeMs / stepMs);
  const found = forecast.horizon.findIndex((ahead) => ahead >= steps);
  const row = found >= 0 ? found : forecast.horizon.length - 1;
  return forecast.quantiles[row * LEVELS.length + LEVELS.indexOf(level)] ?? 0;
}

/**
 * Where a POP has fewer units than are wished for, or the budget of all pools buys fewer, the pools that matter most come first;
 * each keeps its minimum. `withinLimits` of @auspex/policies goes by what the next unit is expected to serve instead.
 */
function limited(wishes: readonly Wish[], { popLimits, budget }: AllocateInput): Proposal[] {
  const price = ({ pool }: PoolView): number => (budget?.units === undefined && budget?.money !== undefined ? pool.price : 1);
  const left = new Map(Object.entries(popLimits).map(([pop, limit]) => [pop, Math.floor(limit)]));
  let purse = budget?.units ?? budget?.money ?? Number.POSITIVE_INFINITY;
  for (const { view } of wishes) {
    left.set(view.pool.pop, (left.get(view.pool.pop) ?? Number.POSITIVE_INFINITY) - view.pool.min);
    purse -= view.pool.min * price(view);
  }
  const granted = new Map<string, number>();
  for (const { view, units } of [...wishes].sort((a, b) => b.view.pool.importance - a.view.pool.importance)) {
    const { id, pop, min } = view.pool;
    const affordable = price(view) > 0 ? Math.floor(Math.max(0, purse) / price(view) + 1e-9) : units;
    const more = Math.min(units - min, Math.max(0, left.get(pop) ?? 0), affordable);
    left.set(pop, (left.get(pop) ?? 0) - more);
    purse -= more * price(view);
    granted.set(id, min + more);
  }
  return wishes.map(({ view: { pool }, units: wished, surging, text }) => {
    const units = granted.get(pool.id) ?? pool.min;
    const short = units < wished ? `; ${wished} were called for, the limit of ${pool.pop} and the budget leave ${units}` : '';
    // At least one reason, and the last one says the units: the trail of the decision begins with it.
    return { pool: pool.id, units, tier: surging ? 'moderate' : 'none', reasons: [{ by: 'allocate(__ID__)', units, text: text + short }] };
  });
}

/** The allocator `__ID__`. */
export const __VALUE__ = defineAllocator({
  id: '__ID__',
  summary: 'Buys units for a quantile of the forecast at the lead time.',
  config: options,
  create: (given) => new QuantileAllocator(given),
});
