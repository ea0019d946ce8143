import type { AllocateInput, Proposal, Reason } from '@auspex/contracts';
import { units } from '../../text.ts';
import { coverage } from './coverage.ts';
import { type Division, divide } from './divide.ts';
import { gainOfUnit } from './gain.ts';
import type { Need } from './need.ts';

/** What of an allocator's input bounds its proposals. */
export type LimitingInput = Pick<AllocateInput, 'step' | 'popLimits' | 'budget'>;

/**
 * Turns what an allocator needs into proposals inside each pool's bounds, the common limit of each POP and the budget of all.
 *
 * Where pools together exceed `popLimits` or `budget`, each gets its minimum, then the next unit goes where it serves most:
 * the pool's importance times the expected demand served by it (`gainOfUnit`), per price where the budget is money. No pool gets
 * more than it needs. Minima that alone exceed a limit stand: no actuator may go below them, so the contradiction is said,
 * not hidden. Each cap adds a reason with what the capped pool can still cover, group by group.
 */
export function withinLimits(by: string, needs: readonly Need[], input: LimitingInput): Proposal[] {
  const bounded = needs.map((need) => bound(by, need));
  const claims = bounded.map(({ need: { view }, units: need }) => {
    const { id, pop, min, price, importance } = view.pool;
    return { id, pop, min, price, need, gain: weighted(importance, () => gainOfUnit(view, input.step)) };
  });
  const division = divide(claims, input);
  const minima = overMinima(bounded, input);
  return bounded.map(({ need, units: wanted, reasons }, i) => {
    const { id, pop } = need.view.pool;
    const given = division.units[i] as number;
    const over = minima(pop);
    if (given < wanted) {
      const note = over === '' ? '' : ` (${over})`;
      const text = `capped by ${limitsOf(division, i, pop, input)}: ${given} of ${wanted}${note}${covers(need, given)}`;
      reasons.push({ by, units: given, text });
    } else if (over !== '') {
      reasons.push({ by, units: given, text: over });
    }
    const proposal = { pool: id, units: given, tier: need.tier, reasons };
    return need.settled ? { ...proposal, settled: true } : proposal;
  });
}

interface Bounded {
  readonly need: Need;
  readonly units: number;
  readonly reasons: Reason[];
}

function bound(by: string, need: Need): Bounded {
  const { min, max } = need.view.pool;
  const reasons = [...need.reasons];
  if (need.units > max) reasons.push({ by, units: max, text: `capped by the pool's maximum: ${max} of ${need.units}${covers(need, max)}` });
  if (need.units < min) reasons.push({ by, units: min, text: `raised to the pool's minimum: ${units(min)}` });
  return { need, units: Math.min(Math.max(need.units, min), max), reasons };
}

/** Gains times an importance; the forecast is read only where something is short. */
function weighted(importance: number, make: () => (k: number) => number): (k: number) => number {
  let gain: ((k: number) => number) | undefined;
  return (k) => {
    gain ??= make();
    return importance * gain(k);
  };
}

/** What a capped pool ran into: `the limit of POP ATL`, `the budget of 40 units`, or both. */
function limitsOf(division: Division, claim: number, pop: string, { budget }: LimitingInput): string {
  const named: string[] = [];
  if (division.popFull(claim)) named.push(`the limit of POP ${pop}`);
  if (division.budgetFull(claim) && budget) named.push(`the ${budgetText(budget)}`);
  return named.join(' and ');
}

function budgetText(budget: NonNullable<AllocateInput['budget']>): string {
  return budget.units === undefined ? `budget of ${figure(budget.money ?? 0)} an hour` : `budget of ${units(budget.units)}`;
}

/** What to say to the pools of a POP whose minima alone exceed a limit; nothing where they do not. */
function overMinima(bounded: readonly Bounded[], { popLimits, budget }: LimitingInput): (pop: string) => string {
  const pools = bounded.map(({ need }) => need.view.pool);
  const minima = (pop?: string): number => pools.reduce((sum, pool) => sum + (pop === undefined || pool.pop === pop ? pool.min : 0), 0);
  const cost = budget?.units === undefined ? pools.reduce((sum, pool) => sum + pool.min * pool.price, 0) : minima();
  const most = budget?.units ?? budget?.money ?? Number.POSITIVE_INFINITY;
  const overBudget = budget && cost > most * (1 + 1e-12) ? `${figure(cost)} together, exceed the ${budgetText(budget)}` : '';
  return (pop) => {
    const limit = Object.hasOwn(popLimits, pop) ? (popLimits[pop] as number) : Number.POSITIVE_INFINITY;
    const here = minima(pop);
    const overLimit = here > limit ? `${here} together, exceed the limit ${limit}` : '';
    const over = [overLimit, overBudget].filter((text) => text !== '');
    return over.length === 0 ? '' : `the pools' minima, ${over.join(', and, ')}; minima stand`;
  };
}

function covers(need: Need, available: number): string {
  const text = coverage(need, available);
  return text === '' ? '' : `; covers ${text}`;
}

function figure(value: number): string {
  return String(Number(value.toFixed(2)));
}
