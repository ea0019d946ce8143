import type { AllocateInput } from '@auspex/contracts';

/** What a pool may get of what several pools share. */
export interface Claim {
  readonly id: string;
  readonly pop: string;
  /** Whole units; it never gets more. */
  readonly need: number;
  /** What it gets before any pool gets more; at most `need`. */
  readonly min: number;
  /** Of a unit for an hour; only a budget of money reads it. */
  readonly price: number;
  /** Worth of its `k`th unit, k from 1; not negative and never rising in k. */
  readonly gain: (k: number) => number;
}

export type Limits = Pick<AllocateInput, 'popLimits' | 'budget'>;

/** Units by claim; with the POP limits, and the budget, that leave no room for one unit more of it. */
export interface Division {
  readonly units: readonly number[];
  /** Is the limit of its POP used up? */
  readonly popFull: (claim: number) => boolean;
  /** Is too little of the budget left for one unit more of it? */
  readonly budgetFull: (claim: number) => boolean;
}

/** A unit for `to`, taken from `from` where the POP of both is full. */
interface Move {
  readonly to: number;
  readonly from: number | undefined;
  readonly gain: number;
  readonly price: number;
  readonly perPrice: number;
  readonly served: number;
}

/**
 * Divides what is short by gain: minima first, then one unit at a time to the highest gain, with a budget of money to the
 * highest gain per price. Equal gains go to the claim that is served least, (given + 1/2) / need as in Webster's rule, then by id.
 *
 * With equal prices that is the optimum: gains never rise, and POP limits inside a budget are nested, so that greedy
 * choices are optimal (Federgruen & Groenevelt 1986); and more budget never gives a claim less, since the order of the units does
 * not depend on it. With unequal prices it is the path of the Lagrange relaxation from a price of money of infinity down: in a full
 * POP a unit of a cheaper claim may give way to one of a dearer, and what the last unit on the path would have cost too much
 * may buy smaller ones. The sum of gains then is less than one unit's gain below the optimum.
 *
 * Minima stand even where they alone exceed a limit.
 */
export function divide(claims: readonly Claim[], limits: Limits): Division {
  const money = limits.budget?.units === undefined ? limits.budget?.money : undefined;
  const most = limits.budget?.units ?? money ?? Number.POSITIVE_INFINITY;
  // Sums of prices are rounded: a budget of 0.3 holds three units of 0.1.
  const room = most * (1 + 1e-12);
  const price = claims.map((claim) => (money === undefined ? 1 : claim.price));
  const limitOf = claims.map(({ pop }) =>
    Object.hasOwn(limits.popLimits, pop) ? (limits.popLimits[pop] as number) : Number.POSITIVE_INFINITY,
  );
  const units = claims.map((claim) => claim.need);
  const inPop = new Map<string, number>();
  let spent = 0;

  const count = (): void => {
    inPop.clear();
    spent = 0;
    for (const [i, { pop }] of claims.entries()) {
      inPop.set(pop, (inPop.get(pop) ?? 0) + (units[i] as number));
      spent += (units[i] as number) * (price[i] as number);
    }
  };
  const popFull = (i: number): boolean => (inPop.get((claims[i] as Claim).pop) ?? 0) + 1 > (limitOf[i] as number);
  const affordable = (cost: number): boolean => cost === 0 || spent + cost <= room;
  const budgetFull = (i: number): boolean => !affordable(price[i] as number);

  count();
  const fits = spent <= room && claims.every(({ pop }, i) => (inPop.get(pop) as number) <= (limitOf[i] as number));
  if (fits) return { units, popFull: () => false, budgetFull: () => false };

  for (const [i, { min }] of claims.entries()) units[i] = min;
  count();
  // The gain of the next unit of each claim, and of the last that it has.
  const next = claims.map((claim) => claim.gain(claim.min + 1));
  const last = claims.map(() => Number.POSITIVE_INFINITY);

  const move = (to: number, from: number | undefined): Move => {
    const gain = (next[to] as number) - (from === undefined ? 0 : (last[from] as number));
    const cost = (price[to] as number) - (from === undefined ? 0 : (price[from] as number));
    const perPrice = gain <= 0 ? 0 : gain / cost;
    return { to, from, gain, price: cost, perPrice, served: ((units[to] as number) + 0.5) / (claims[to] as Claim).need };
  };
  function* moves(): Generator<Move> {
    for (const [to, claim] of claims.entries()) {
      if ((units[to] as number) >= claim.need) continue;
      if (!popFull(to)) yield move(to, undefined);
      else
        for (const [from, other] of claims.entries()) {
          const dearer = other.pop === claim.pop && (price[from] as number) < (price[to] as number);
          if (dearer && (units[from] as number) > other.min && (next[to] as number) > (last[from] as number)) yield move(to, from);
        }
    }
  }
  const change = (i: number, by: 1 | -1): void => {
    const claim = claims[i] as Claim;
    const now = (units[i] as number) + by;
    units[i] = now;
    if (by === 1) [last[i], next[i]] = [next[i] as number, claim.gain(now + 1)];
    else [last[i], next[i]] = [claim.gain(now), last[i] as number];
    inPop.set(claim.pop, (inPop.get(claim.pop) as number) + by);
    spent += by * (price[i] as number);
  };

  // No unit gives way where all cost alike, or where no POP has a limit. Then each claim has one move, and one that has no room now never has any.
  if (money === undefined || !limitOf.some(Number.isFinite)) {
    const worstFirst: Move[] = [];
    const enqueue = (to: number): void => {
      if ((units[to] as number) < (claims[to] as Claim).need) insert(worstFirst, move(to, undefined), claims);
    };
    claims.forEach((_, to) => {
      enqueue(to);
    });
    for (let best = worstFirst.pop(); best; best = worstFirst.pop()) {
      if (popFull(best.to) || !affordable(best.price)) continue;
      change(best.to, 1);
      enqueue(best.to);
    }
    return { units, popFull, budgetFull };
  }

  for (;;) {
    let best: Move | undefined;
    for (const candidate of moves()) {
      if (affordable(candidate.price) && (!best || isBefore(candidate, best, claims))) best = candidate;
    }
    if (!best) return { units, popFull, budgetFull };
    if (best.from !== undefined) change(best.from, -1);
    change(best.to, 1);
  }
}

/** Into its place among moves of which each is before the one ahead of it. */
function insert(worstFirst: Move[], move: Move, claims: readonly Claim[]): void {
  let [low, high] = [0, worstFirst.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(move, worstFirst[middle] as Move, claims)) low = middle + 1;
    else high = middle;
  }
  worstFirst.splice(low, 0, move);
}

function isBefore(a: Move, b: Move, claims: readonly Claim[]): boolean {
  if (a.perPrice !== b.perPrice) return a.perPrice > b.perPrice;
  if (a.gain !== b.gain) return a.gain > b.gain;
  if (a.served !== b.served) return a.served < b.served;
  return (claims[a.to] as Claim).id < (claims[b.to] as Claim).id;
}
