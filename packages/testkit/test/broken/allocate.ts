import { type AllocateInput, type Allocator, defineAllocator, type PoolView, type Proposal } from '@auspex/contracts';
import type { Subjects } from '@auspex/testkit';
import { z } from 'zod';
import { type Broken, commonlyBroken } from '../proof.ts';

type Subject = Subjects['allocator'];
/** What each pool was last found to need. */
interface State {
  last: Record<string, number>;
  [more: string]: unknown;
}
type Tiny = Allocator<State>;

const begin = (): State => ({ last: {} });

/** Units for the 90 % quantile ten minutes ahead; down only when two steps agree. */
function needed(state: State, { pool, forecast }: PoolView): number {
  const row = forecast.horizon.indexOf(10);
  const demand = forecast.quantiles[row * 8 + 5] as number;
  const need = Math.min(Math.max(Math.ceil(demand / (pool.unitRate * pool.target)), pool.min), pool.max);
  const held = Math.max(need, Math.min(state.last[pool.id] ?? 0, pool.max));
  state.last[pool.id] = need;
  return held;
}

function proposal(pool: string, units: number, text = 'for the forecast'): Proposal {
  return { pool, units, tier: 'none', reasons: [{ by: 'allocate(tiny)', units, text }] };
}

/** First come, first served, once every pool has its minimum. */
function limited({ pools, popLimits, budget }: AllocateInput, wanted: readonly number[]): number[] {
  const price = (pool: PoolView['pool']): number => (budget?.units === undefined && budget?.money !== undefined ? pool.price : 1);
  let purse =
    (budget?.units ?? budget?.money ?? Number.POSITIVE_INFINITY) - pools.reduce((sum, { pool }) => sum + pool.min * price(pool), 0);
  const minima = (pop: string): number => pools.reduce((sum, { pool }) => sum + (pool.pop === pop ? pool.min : 0), 0);
  const left = new Map(Object.entries(popLimits).map(([pop, limit]) => [pop, Math.max(0, Math.floor(limit) - minima(pop))]));
  return pools.map(({ pool }, index) => {
    const affordable = Math.max(0, Math.floor(purse / price(pool) + 1e-9));
    const more = Math.min((wanted[index] as number) - pool.min, left.get(pool.pop) ?? Number.POSITIVE_INFINITY, affordable);
    purse -= more * price(pool);
    if (left.has(pool.pop)) left.set(pool.pop, (left.get(pool.pop) as number) - more);
    return pool.min + more;
  });
}

function allocate(state: State, input: AllocateInput): Proposal[] {
  const wanted = input.pools.map((view) => needed(state, view));
  return limited(input, wanted).map((units, index) => proposal((input.pools[index] as PoolView).pool.id, units));
}

function decode(bytes: Uint8Array): State {
  const read = JSON.parse(new TextDecoder().decode(bytes)) as { tiny?: State };
  if (typeof read.tiny?.last !== 'object') throw new TypeError('no state of this allocator');
  return read.tiny;
}

const right: Tiny = { begin, allocate, encode: (state) => new TextEncoder().encode(JSON.stringify({ tiny: state })), decode };

const subject = (change: () => Partial<Tiny>) => (): Subject => ({
  plugin: defineAllocator({
    id: 'tiny',
    summary: 'A test.',
    config: z.strictObject({}),
    create: (): Tiny => ({ ...right, ...change() }),
  }),
});

export const rightAllocator = subject(() => ({}));

const broken = (law: string, how: string, change: () => Partial<Tiny>): Broken<Subject> => ({ law, how, make: subject(change) });

/** Does what the right one does, and changes what it says. */
const saying = (change: (proposal: Proposal, view: PoolView) => Proposal) => (): Partial<Tiny> => ({
  allocate: (state, input) => allocate(state, input).map((said, index) => change(said, input.pools[index] as PoolView)),
});

const WHOLE = 'units are whole and inside min..max';
let instances = 0;

const SAME = 'the same states and inputs give the same proposals';

export const brokenAllocators: readonly Broken<Subject>[] = [
  ...commonlyBroken(rightAllocator),
  broken('one proposal a pool, and none for others', 'a pool alone gets none', () => ({
    allocate: (state, input) => (input.pools.length === 1 ? [] : allocate(state, input)),
  })),
  broken('one proposal a pool, and none for others', 'there is one for all together', () => ({
    allocate: (state, input) => [...allocate(state, input), proposal('total', 12)],
  })),
  broken(
    'a proposal has reasons, and the last one has its units',
    'it gives none for a full pool',
    saying((said, { pool }) => (said.units === pool.max ? { ...said, reasons: [] } : said)),
  ),
  broken(
    'a proposal has reasons, and the last one has its units',
    'the reason is from before the limit',
    saying((said) => ({ ...said, reasons: [{ by: 'allocate(tiny)', units: said.units + 1, text: 'one in reserve' }] })),
  ),
  broken(
    'a proposal has reasons, and the last one has its units',
    'the reason has no text',
    saying((said) => proposal(said.pool, said.units, '')),
  ),
  broken(
    WHOLE,
    'it gives half units',
    saying((said, { pool }) => (said.units + 0.5 < pool.max && said.units > 2 ? proposal(said.pool, said.units - 0.5) : said)),
  ),
  broken(
    WHOLE,
    'a pool of one gets a spare',
    saying((said, { pool }) => (pool.max === 1 ? proposal(said.pool, 2) : said)),
  ),
  broken('the input is left as it is', 'it writes into the forecast', () => ({
    allocate: (state, input) => {
      const proposals = allocate(state, input);
      for (const { forecast } of input.pools) forecast.quantiles[0] = 0;
      return proposals;
    },
  })),
  broken('the input is left as it is', 'it cannot work on frozen pools', () => ({
    allocate: (state, input) => {
      if (Object.isFrozen(input.pools)) throw new TypeError('Cannot assign to read only property');
      return allocate(state, input);
    },
  })),
  broken(SAME, 'each instance has a temper of its own', () => {
    const tier = `temper ${++instances}`;
    return saying((said) => ({ ...said, tier }))();
  }),
  broken(
    SAME,
    'it looks at the wall clock',
    saying((said) => (Date.now() > Date.UTC(2090, 0) ? { ...said, tier: 'night' } : said)),
  ),
  broken(
    SAME,
    'it draws lots',
    saying((said) => (Math.random() === 0.999_999 ? { ...said, tier: 'lucky' } : said)),
  ),
  broken('a proposal stays as it was given', 'it has one object for each pool', () => {
    const told = new Map<string, Proposal>();
    return {
      allocate: (state, input) =>
        allocate(state, input).map((said) => {
          const one = Object.assign(told.get(said.pool) ?? {}, said) as Proposal;
          told.set(said.pool, one);
          return one;
        }),
    };
  }),
  broken(
    'more demand never means fewer units',
    'it takes a flood for an error',
    saying((said, { pool, actual }) => (actual > 3_000 && actual < 5_000 ? proposal(said.pool, pool.min) : said)),
  ),
  broken('more demand never means fewer units', 'it goes back to a peak that was never ordered, once demand falls', () => ({
    allocate: (state, input) => {
      const last = { ...state.last };
      return allocate(state, input).map((said, index) => {
        const { pool, units } = input.pools[index] as PoolView;
        const need = state.last[pool.id] as number;
        return need < units || !last[pool.id] ? said : proposal(said.pool, Math.min(need, said.units));
      });
    },
  })),
  broken('the pools of a POP stay inside its limit', 'it knows no limits', () => ({
    allocate: (state, input) => allocate(state, { ...input, popLimits: {} }),
  })),
  broken('all pools together stay inside the budget', 'it knows none', () => ({
    allocate: (state, { budget: _unread, ...input }) => allocate(state, input),
  })),
  broken('all pools together stay inside the budget', 'it takes money for units', () => ({
    allocate: (state, input) =>
      allocate(state, input.budget?.money === undefined ? input : { ...input, budget: { units: Math.floor(input.budget.money) } }),
  })),
  broken(
    'a missing step is not demand zero',
    'it takes it for that',
    saying((said, { pool, truth }) => (truth === 'missing' ? proposal(said.pool, pool.min) : said)),
  ),
  broken('it needs no group and no real forecast', 'it asks for the strongest group', () => ({
    allocate: (state, input) => {
      for (const { groups } of input.pools)
        if (groups.length === 0) throw new TypeError("Cannot read properties of undefined (reading 'surge')");
      return allocate(state, input);
    },
  })),
  broken(
    'it needs no group and no real forecast',
    'it knows no units without a real forecast',
    saying((said, { forecast }) => (forecast.fallback ? { ...said, units: Number.NaN } : said)),
  ),
  broken('a state that was read back goes on alike', 'it writes nothing of it', () => ({ encode: () => right.encode(begin()) })),
  broken('bytes that it did not write are refused', 'it begins again from them', () => ({
    decode: (bytes) => {
      try {
        return decode(bytes);
      } catch {
        return begin();
      }
    },
  })),
  broken('its state stays small', 'it keeps every proposal', () => ({
    allocate: (state, input) => {
      const proposals = allocate(state, input);
      state['all'] = [...((state['all'] as number[] | undefined) ?? []), ...proposals.map(({ units }) => units)];
      return proposals;
    },
  })),
];
