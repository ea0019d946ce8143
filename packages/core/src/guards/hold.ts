import { stamp } from '../persistence/keys.ts';
import type { Guard } from './guard.ts';

/** An operator's freeze or pin. Its reason stands in every trail as long as it does, whether or not it changes anything. */
export const hold: Guard = (units, { hold: order, previous, min, max }) => {
  if (!order) return { units };
  const who = `until ${stamp(order.until)} by ${order.by}: "${order.reason}"`;
  if (order.kind === 'pin') {
    const pinned = order.units ?? previous;
    const inside = Math.min(Math.max(pinned, min), max);
    const what = inside === pinned ? `pinned at ${inside}` : `pinned at ${inside}, the nearest to ${pinned} in ${min}..${max},`;
    return { units: inside, text: `${what} ${who}` };
  }
  if (order.inOnly && units > previous) return { units, text: `may rise from ${previous}, not fall, ${who}` };
  return { units: previous, text: `frozen at ${previous} ${who}` };
};
