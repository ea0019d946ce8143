/** Bounds and lead time of one pool, the lead time in steps. */
export interface OracleInput {
  /** Units needed, step by step. NaN (not known) needs nothing. */
  readonly demand: ArrayLike<number>;
  /** Steps from order to ready, rounded up. */
  readonly leadSteps: number;
  readonly min: number;
  readonly max: number;
}

/** The plan of one who knows the future. */
export interface OraclePlan {
  /** Units ordered at each step. */
  readonly orders: Float64Array;
  /** Units ready at each step when the orders are carried out. */
  readonly supply: Float64Array;
  /** Demand inside the bounds: what a fleet without any lead time would hold. No plan can be cheaper. */
  readonly floor: Float64Array;
}

/**
 * The cheapest orders that are never short, knowing all demand. An order serves after the lead time L; a removal acts at
 * once and takes the youngest units first, those on their way before those that serve. So a unit serves at t only if it
 * was ordered throughout [t-L, t]:
 *
 *     supply(t) = min over u in [t-L, t] of order(u)  >=  demand(t)   for all t
 *     <=>  order(u) >= max over t in [u, u+L] of demand(t)
 *
 * and the least such orders are that maximum itself: none can be lower at any step. (In image processing: orders are the
 * dilation of demand, supply its closing.) Short only where demand exceeds `max`.
 *
 * At the first steps the units are taken as ordered in time.
 */
export function oraclePlan({ demand, leadSteps, min, max }: OracleInput): OraclePlan {
  const floor = Float64Array.from(demand, (units) => Math.min(Math.max(Number.isNaN(units) ? min : units, min), max));
  const orders = windowMax(floor, leadSteps);
  return { orders, supply: trailingMin(orders, leadSteps), floor };
}

/** Maximum over [t, t + ahead], clipped to the series: a queue of falling candidates, linear in its length. */
function windowMax(values: Float64Array, ahead: number): Float64Array {
  const out = new Float64Array(values.length);
  const queue: number[] = [];
  let head = 0;
  let next = 0;
  for (let t = 0; t < values.length; t++) {
    for (; next < values.length && next <= t + ahead; next++) {
      while (queue.length > head && (values[queue.at(-1) as number] as number) <= (values[next] as number)) queue.pop();
      queue.push(next);
    }
    while ((queue[head] as number) < t) head++;
    out[t] = values[queue[head] as number] as number;
  }
  return out;
}

/** Minimum over [t - back, t], clipped: the maximum ahead of the negated, reversed series. */
function trailingMin(values: Float64Array, back: number): Float64Array {
  return windowMax(
    values.toReversed().map((value) => -value),
    back,
  )
    .toReversed()
    .map((value) => -value);
}
