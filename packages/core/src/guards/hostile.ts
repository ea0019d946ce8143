import { stamp } from '../persistence/keys.ts';
import type { Guard } from './guard.ts';

/** A surge that looks like an attack buys nothing beyond the usual peak, where the config asks for that. What is there already stays. */
export const hostile: Guard = (units, { cap, previous }) => {
  if (!cap) return { units };
  const most = Math.max(cap.units, previous);
  // What is no number is for `bounds`.
  if (!(units > most)) return { units };
  const chance = Math.round(100 * cap.probability);
  const text = `${units} held to ${most}, the usual peak is ${cap.units}, until ${stamp(cap.until)}: ${chance} % for an attack: ${cap.text}`;
  return { units: most, text };
};
