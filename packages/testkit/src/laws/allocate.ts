import type { AllocateInput, Allocator, Pool, PoolView, Proposal, Truth } from '@auspex/contracts';
import { broken, type Law, laws, must } from '../law.ts';
import { deepFreeze, type Tools } from '../tools.ts';
import { commonLaws } from './common.ts';
import { mustRefuse, mustStayBounded } from './support/bytes.ts';
import { allocateInput, forecast, nth, POOLS, pool, START, STEP_MS, view } from './support/decision-views.ts';
import { everywhere } from './support/elsewhere.ts';
import { difference, mustAgree, mustBeAlike } from './support/same.ts';

/** Proposals by pool for one input, from a new state that has seen `before`. */
function after(allocator: Allocator, before: readonly AllocateInput[], input: AllocateInput): ReadonlyMap<string, Proposal> {
  const state = allocator.begin();
  for (const earlier of before) allocator.allocate(state, earlier);
  return new Map(allocator.allocate(state, input).map((proposal) => [proposal.pool, proposal]));
}

const fresh = (allocator: Allocator, input: AllocateInput): ReadonlyMap<string, Proposal> => after(allocator, [], input);

/** A state that has seen the first `steps` steps. */
function lived(allocator: Allocator, steps: number, stepMs?: number): unknown {
  const state = allocator.begin();
  for (let n = 0; n < steps; n++) allocator.allocate(state, nth(n, stepMs));
  return state;
}

/** All pools at one demand a second. */
function at(
  demand: number,
  given: Partial<PoolView> = {},
  popLimits: AllocateInput['popLimits'] = {},
  budget?: AllocateInput['budget'],
): AllocateInput {
  return allocateInput(
    START,
    POOLS.map((of) => view(of, START, demand, 0.5, given)),
    popLimits,
    budget,
  );
}

/** All pools at one demand a second, each at a price of its own. */
function priced(demand: number, budget: AllocateInput['budget']): AllocateInput {
  const input = at(demand, {}, {}, budget);
  return { ...input, pools: input.pools.map((view, index) => ({ ...view, pool: { ...view.pool, price: PRICES[index] as number } })) };
}

function text({ pool: of, units, actual, truth, forecast: { quantiles, fallback } }: PoolView): string {
  const known = fallback === undefined ? 'forecast' : 'fallback';
  return `pool "${of.id}" (${of.min}..${of.max}, ${units} ordered) at ${actual}/s ${truth}, ${known} ${quantiles[3]}/s`;
}

/** 15 minutes. */
const LONG = 900_000;
const DEMANDS = [0, 1e-9, 1, 34.9, 35, 300, 1e4, 1e9];
const TRUTHS: readonly Truth[] = ['observed', 'censored', 'masked', 'missing'];

/** An hour of a unit, by the order of the pools. */
const PRICES = [1, 2.5, 0.3];
/** What the pools' minima have together, and what they cost an hour at these prices. */
const MINIMA = POOLS.reduce((sum, of) => sum + of.min, 0);
const MINIMA_COST = POOLS.reduce((sum, of, index) => sum + of.min * (PRICES[index] as number), 0);

/** Ways of being short. */
const LIMITS: readonly Pick<AllocateInput, 'popLimits' | 'budget'>[] = [
  { popLimits: {} },
  { popLimits: { fra: 1 } },
  { popLimits: { fra: 9.5, ams: 100 } },
  { popLimits: {}, budget: { units: 1 } },
  { popLimits: { fra: 9.5 }, budget: { money: 20.5 } },
];

/** Pools in every kind of need. */
function* needs(): Generator<AllocateInput> {
  const odd: readonly Pool[] = [
    ...POOLS,
    pool('one', { min: 1, max: 1 }),
    pool('none', { min: 0, max: 0 }),
    pool('slow', { leadTimeMs: 36e6 }),
  ];
  for (const demand of DEMANDS)
    for (const truth of TRUTHS)
      for (const units of [0, 10, 60])
        for (const { popLimits, budget } of LIMITS)
          yield allocateInput(
            START,
            odd.map((of) => view(of, START, demand, 0.9, { truth, units, ready: units })),
            popLimits,
            budget,
          );
}

/** Why a law about states does not bind: there is none. */
function stateless(_: unknown, tools: Tools<'allocator'>): string | undefined {
  const allocator = tools.create();
  return allocator.encode(lived(allocator, 8)).length === 0 ? 'it keeps no state' : undefined;
}

const list: readonly Law<'allocator'>[] = [
  {
    name: 'one proposal a pool, and none for others',
    why: 'a pool without a proposal keeps its units, whatever the demand',
    check(_, tools) {
      const allocator = tools.create();
      for (const pools of [POOLS, POOLS.slice(1, 2), []])
        for (const { popLimits, budget } of LIMITS) {
          const views = pools.map((of) => view(of, START, 300));
          const input = allocateInput(START, views, popLimits, budget);
          const got = allocator.allocate(allocator.begin(), input).map((proposal) => proposal.pool);
          const asked = pools.map((of) => of.id);
          const same = difference([...got].sort(), [...asked].sort()) === undefined;
          must(same, `asked about [${asked.join(', ')}], it proposes for [${got.join(', ')}]`);
        }
    },
  },
  {
    name: 'a proposal has reasons, and the last one has its units',
    why: 'the trail of a decision starts with them: without, `auspex explain` cannot say why',
    check(_, tools) {
      const allocator = tools.create();
      for (const input of needs()) {
        for (const { pool: id, units, tier, reasons } of allocator.allocate(allocator.begin(), input)) {
          must(reasons.length > 0, `a proposal for "${id}" has no reason`);
          must(tier !== '', `a proposal for "${id}" has no tier`);
          const named = reasons.every((reason) => reason.by !== '' && reason.text !== '');
          must(named, `a reason for "${id}" has an empty \`by\` or \`text\``);
          const last = reasons.at(-1)?.units;
          must(last === units, `"${id}" gets ${units} units, and its last reason says ${last}`);
        }
      }
    },
  },
  {
    name: 'units are whole and inside min..max',
    why: 'the engine corrects what is outside, and nobody sees why the fleet is not what the policy said',
    check(_, tools) {
      const allocator = tools.create();
      for (const input of needs()) {
        const got = fresh(allocator, input);
        for (const given of input.pools) {
          const units = got.get(given.pool.id)?.units;
          const right = units === undefined || (Number.isInteger(units) && units >= given.pool.min && units <= given.pool.max);
          must(right, () => `${units} units for ${text(given)}`);
        }
      }
    },
  },
  {
    name: 'the input is left as it is',
    why: 'the forecasts and surges that it is handed are journaled and scored afterwards',
    check(_, tools) {
      const allocator = tools.create();
      for (const { popLimits, budget } of LIMITS) {
        // Copies: what one call did to a limit must be seen, and not by the next.
        const fresh = (): AllocateInput => at(400, {}, { ...popLimits }, budget && { ...budget });
        const given = fresh();
        allocator.allocate(allocator.begin(), given);
        mustBeAlike(fresh(), given, 'the input before and after');
        try {
          allocator.allocate(allocator.begin(), deepFreeze(fresh()));
        } catch (error) {
          broken(`frozen input makes it throw: ${(error as Error).message}`);
        }
      }
    },
  },
  {
    name: 'the same states and inputs give the same proposals',
    why: 'a replay must decide as the live run did; what is kept outside the state is lost with the process',
    async check(_, tools) {
      const run = (allocator: Allocator): unknown => {
        const state = allocator.begin();
        return Array.from({ length: 40 }, (_, n) => allocator.allocate(state, nth(n)));
      };
      const one = tools.create();
      const first = run(one);
      mustAgree([first, run(one)], 'a new state of the same instance proposes otherwise: something is kept outside the state');
      mustAgree([first, run(tools.create())], 'a second instance proposes otherwise');
      mustAgree(
        [first, ...(await everywhere(() => run(one)))],
        'proposals depend on the wall clock or on chance: the time of an input is its `step`',
      );
    },
  },
  {
    name: 'a proposal stays as it was given',
    why: 'proposals are journaled and explained after the next ones were made',
    check(_, tools) {
      const allocator = tools.create();
      const state = allocator.begin();
      const first = allocator.allocate(state, nth(0));
      const before = structuredClone(first);
      for (let n = 1; n < 40; n++) allocator.allocate(state, nth(n));
      mustBeAlike(before, first, 'proposals before and after it was asked about later steps');
    },
  },
  {
    name: 'more demand never means fewer units',
    why: 'a policy that steps down somewhere on the way up takes units away in the middle of a surge',
    check(_, tools) {
      const allocator = tools.create();
      const all = (step: number, demand: number): AllocateInput =>
        allocateInput(
          step,
          POOLS.map((of) => view(of, step, demand, Math.min(1, demand / 1_000))),
        );
      // Also a minute after a peak whose units were not ordered: a guard or a limit held them back.
      for (const before of [[], [all(START - STEP_MS, 3_000)]])
        for (let demand = 10; demand < 5_000; demand *= 1.07) mustNotFall(allocator, before, all(START, demand), all(START, demand * 1.07));
    },
  },
  {
    name: 'the pools of a POP stay inside its limit',
    why: 'a POP has so many machines; an order beyond them fails, and it is chance which pool goes without',
    check(_, tools) {
      const allocator = tools.create();
      for (const limit of [3, 4, 10, 25, 59])
        for (const demand of [100, 1_000, 1e6]) {
          const proposals = allocator.allocate(allocator.begin(), at(demand, {}, { fra: limit }));
          const here = proposals.filter(({ pool: id }) => POOLS.some((of) => of.id === id && of.pop === 'fra'));
          const sum = here.reduce((total, { units }) => total + units, 0);
          must(sum <= limit, `the pools of a POP get ${here.map(({ units }) => units).join(' + ')} units where its limit is ${limit}`);
        }
    },
  },
  {
    name: 'all pools together stay inside the budget',
    why: 'it is what may be spent; only the minima of the pools, below which no actuator goes, come before it',
    check(_, tools) {
      const allocator = tools.create();
      const spend = (input: AllocateInput, price: (index: number) => number): number => {
        const got = fresh(allocator, input);
        return input.pools.reduce((sum, { pool: of }, index) => sum + (got.get(of.id)?.units ?? 0) * price(index), 0);
      };
      for (const demand of [100, 1_000, 1e6]) {
        for (const units of [1, MINIMA, MINIMA + 1, 10, 25, 59]) {
          const sum = spend(priced(demand, { units }), () => 1);
          must(sum <= Math.max(units, MINIMA), `the pools get ${sum} units where the budget is ${units} and their minima are ${MINIMA}`);
        }
        for (const money of [1, MINIMA_COST, MINIMA_COST + 0.2, 9.9, 30.1, 64]) {
          const sum = spend(priced(demand, { money }), (index) => PRICES[index] as number);
          const most = Math.max(money, MINIMA_COST);
          // Sums of prices are rounded.
          must(sum <= most * (1 + 1e-9), `the pools cost ${sum} an hour where the budget is ${money} and their minima cost ${MINIMA_COST}`);
        }
      }
    },
  },
  {
    name: 'a missing step is not demand zero',
    why: 'when the source is down for a minute, the fleet would be scaled in under full load',
    check(_, tools) {
      const allocator = tools.create();
      const usual = fresh(allocator, at(300));
      const dark = fresh(allocator, at(300, { actual: 0, truth: 'missing' }));
      for (const { id } of POOLS) {
        const [seen, unseen] = [usual.get(id)?.units ?? 0, dark.get(id)?.units ?? 0];
        const least = Math.min(seen, 10);
        must(unseen >= least, `"${id}" has 10 units and gets ${seen} at 300/s, but ${unseen} where the last step is missing`);
      }
    },
  },
  {
    name: 'it needs no group and no real forecast',
    why: 'both are so in the first hours, and whenever a predictor fails',
    check(_, tools) {
      const allocator = tools.create();
      const state = allocator.begin();
      for (const truth of TRUTHS)
        for (const demand of [0, 300]) {
          const fallback = (of: Pool): PoolView['forecast'] => forecast(`pool:${of.id}`, START, demand, 'the predictor is not ready');
          const pools = POOLS.map((of) => view(of, START, demand, 0, { truth, groups: [], forecast: fallback(of) }));
          let count = 0;
          try {
            const proposals = allocator.allocate(state, allocateInput(START, pools));
            count = POOLS.filter((of) => proposals.some((proposal) => proposal.pool === of.id && Number.isFinite(proposal.units))).length;
          } catch (error) {
            broken(`without groups, with a fallback forecast, after a step that is ${truth} it throws: ${(error as Error).message}`);
          }
          must(count === POOLS.length, `without groups and with a fallback forecast ${count} of ${POOLS.length} pools get a proposal`);
        }
    },
  },
  {
    name: 'a state that was read back goes on alike',
    why: 'it is written with each checkpoint and read after each restart: a deploy must not change a decision',
    unless: stateless,
    check(_, tools) {
      const allocator = tools.create();
      const state = lived(allocator, 50);
      const back = tools.create().decode(allocator.encode(state));
      for (let n = 50; n < 90; n++) {
        const [kept, read] = [allocator.allocate(state, nth(n)), allocator.allocate(back, nth(n))];
        must(
          difference(kept, read) === undefined,
          () => `${n - 49} steps after it was read back it proposes ${units(read)}, where it would have ${units(kept)}`,
        );
      }
    },
  },
  {
    name: 'bytes that it did not write are refused',
    why: 'a state that is read wrongly decides wrongly for as long as it lasts; one that is refused begins again',
    unless: stateless,
    check(_, tools) {
      const allocator = tools.create();
      mustRefuse((bytes) => allocator.decode(bytes), allocator.encode(lived(allocator, 8)));
    },
  },
  {
    name: 'its state stays small',
    why: 'it is written with each checkpoint, for years',
    check(_, tools) {
      const allocator = tools.create();
      // Long steps, so that windows of days are full well before the first look.
      const state = lived(allocator, 1_500, LONG);
      const half = allocator.encode(state);
      for (let n = 1_500; n < 3_000; n++) allocator.allocate(state, nth(n, LONG));
      mustStayBounded(half, allocator.encode(state), '1500 steps of 15 minutes');
    },
  },
];

function mustNotFall(allocator: Allocator, before: readonly AllocateInput[], less: AllocateInput, more: AllocateInput): void {
  const [low, high] = [after(allocator, before, less), after(allocator, before, more)];
  const since = before.length > 0 ? ', a minute after a peak' : '';
  for (const [index, given] of more.pools.entries()) {
    const id = given.pool.id;
    // A pool without a proposal is another law's business.
    const [few, many] = [low.get(id)?.units ?? 0, high.get(id)?.units ?? Number.POSITIVE_INFINITY];
    must(many >= few, () => `${few} units for ${text(less.pools[index] as PoolView)}, but ${many} for ${text(given)}${since}`);
  }
}

function units(proposals: readonly Proposal[]): string {
  return proposals.map((proposal) => `${proposal.pool}=${proposal.units} (${proposal.tier})`).join(', ');
}

/** What every allocator does. */
export const allocatorLaws = laws('allocator', [
  ...commonLaws<'allocator'>((allocator: Allocator) => {
    const state = allocator.begin();
    allocator.allocate(state, nth(0));
    allocator.decode(allocator.encode(state));
  }),
  ...list,
]);
