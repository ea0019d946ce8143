/** Attempts of one kind that want to be served: one group, one attempt number. */
export interface Arrival {
  readonly count: number;
  /** What one of them loads the pool with, in the pool's measure. */
  readonly load: number;
}

/** How an arrival fared. admitted + throttled = count; timedOut is part of admitted. */
export interface Fate {
  readonly admitted: number;
  readonly timedOut: number;
  readonly throttled: number;
}

/**
 * Serves arrivals up to a capacity, all in the same proportion, and throttles the rest. Of those admitted a share times
 * out when use exceeds `queueShare`: timeoutShare x (use - queueShare) / (1 - queueShare). Whole requests: fractions are
 * carried from one arrival to the next, so that the sums are right to one request.
 *
 * @param capacity load that can be served in the step
 */
export function admit(arrivals: readonly Arrival[], capacity: number, queueShare: number, timeoutShare: number): Fate[] {
  const load = arrivals.reduce((sum, arrival) => sum + arrival.count * arrival.load, 0);
  const share = load <= capacity ? 1 : Math.max(0, capacity) / load;
  const use = load === 0 ? 0 : capacity > 0 ? Math.min(1, load / capacity) : 1;
  const timeouts = use > queueShare ? (timeoutShare * (use - queueShare)) / (1 - queueShare) : 0;
  const admit = carrying(share);
  const expire = carrying(timeouts);
  return arrivals.map(({ count }) => {
    const admitted = share === 1 ? count : admit(count);
    return { admitted, timedOut: expire(admitted), throttled: count - admitted };
  });
}

/** The whole part of `share` of each count in turn, the fraction carried on. */
function carrying(share: number): (count: number) => number {
  let carry = 0;
  return (count) => {
    const exact = count * share + carry;
    const whole = Math.min(count, Math.floor(exact + 1e-9));
    carry = exact - whole;
    return whole;
  };
}
