import type { Actuator, Order, Receipt } from '@auspex/contracts';
import type { ManualClock } from '@auspex/testkit';

export const MINUTE = 60_000;
/** Step 0 of orders: Monday. */
export const START = Date.UTC(2026, 0, 5);
export const never = new AbortController().signal;

/** An order for the pool `web` in the n-th minute; 0 to 20 units are allowed. */
export function order(n: number, units: number, over: Partial<Order> = {}): Order {
  const step = START + n * MINUTE;
  return { key: `web@${n}`, pool: 'web', pop: '*', units, min: 0, max: 20, epoch: 1, shadow: false, step, ...over };
}

/** The same as a floor for three minutes. */
export const floor = (n: number, units: number, over: Partial<Order> = {}): Order =>
  order(n, units, { expires: START + (n + 3) * MINUTE, ...over });

/** Gives orders minute by minute, in the time of the clock. */
export function minutely(clock: ManualClock, actuator: Actuator) {
  let n = 0;
  return async (
    units: number,
    { by = actuator, after = MINUTE, ...over }: Partial<Order> & { readonly by?: Actuator; readonly after?: number } = {},
  ): Promise<Receipt> => {
    await clock.advance(after);
    return by.actuate(order(++n, units, over), never);
  };
}
