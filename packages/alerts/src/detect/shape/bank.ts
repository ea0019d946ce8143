/** A bank is thinned to this share of its room, so that it is not thinned with every point. */
const THINNED = 0.8;
/** The first gap, as a share of what the bank spans, and by how much it grows. */
const FIRST_GAP = 1e-4;
const GROWTH = 1.5;

/**
 * Points of a view that stand for all that was seen: one is kept where it is more than `gap` from every other. When the bank is full the gap grows and the
 * bank is thinned (a cover, as in the doubling algorithm of Charikar et al. 1997): its size is bounded, and nothing that was seen is forgotten.
 */
export interface Bank {
  /** The value of each point, and beside it what the view sees with it; empty where it sees the value alone. One more than there is room for. */
  readonly values: Float64Array;
  readonly contexts: Float64Array;
  size: number;
  gap: number;
}

/** @param room most points */
export function emptyBank(room: number, hasContext: boolean): Bank {
  return { values: new Float64Array(room + 1), contexts: new Float64Array(hasContext ? room + 1 : 0), size: 0, gap: 0 };
}

/**
 * Distance to the nearest of the first `size` points, the larger of the two differences (Chebyshev): distance-based outliers as of Knorr and Ng
 * (1998) and Ramaswamy et al. (2000). Infinite where there is none.
 *
 * @param circle given: contexts are shares of a day, and a whole day around is worth this much
 */
export function distanceTo({ values, contexts }: Bank, size: number, value: number, context: number, circle?: number): number {
  const flat = contexts.length === 0;
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < size; i++) {
    let distance = Math.abs(value - (values[i] as number));
    if (distance >= best) continue;
    if (!flat) {
      let beside = Math.abs(context - (contexts[i] as number));
      if (circle !== undefined) beside = (beside > 0.5 ? 1 - beside : beside) * circle;
      if (beside > distance) distance = beside;
    }
    if (distance < best) best = distance;
  }
  return best;
}

/** Takes a point in, unless one is near. @param distance of the nearest */
export function addPoint(bank: Bank, distance: number, value: number, context: number, circle?: number): void {
  if (!(distance > bank.gap)) return;
  put(bank, bank.size++, value, context);
  if (bank.size === bank.values.length) thin(bank, circle);
}

function put({ values, contexts }: Bank, at: number, value: number, context: number): void {
  values[at] = value;
  if (contexts.length > 0) contexts[at] = context;
}

function thin(bank: Bank, circle?: number): void {
  const most = (bank.values.length - 1) * THINNED;
  while (bank.size > most) {
    bank.gap = bank.gap === 0 ? span(bank) * FIRST_GAP + 1e-300 : bank.gap * GROWTH;
    let kept = 0;
    for (let i = 0; i < bank.size; i++) {
      const [value, context] = [bank.values[i] as number, bank.contexts[i] ?? 0];
      if (distanceTo(bank, kept, value, context, circle) > bank.gap) put(bank, kept++, value, context);
    }
    bank.size = kept;
  }
}

function span({ values, size }: Bank): number {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < size; i++) {
    least = Math.min(least, values[i] as number);
    most = Math.max(most, values[i] as number);
  }
  return most - least;
}
