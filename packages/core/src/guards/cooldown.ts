import { formatDuration } from '@auspex/contracts';
import type { Guard } from './guard.ts';

/** No scale-in for a while after any change, so that a fleet can settle. Scale-out is never held. */
export const cooldown: Guard = (units, view, limits) => {
  if (units >= view.previous || view.lastChange === undefined) return { units };
  const left = view.lastChange + limits.cooldownMs - view.step;
  return left > 0 ? { units: view.previous, text: `held at ${view.previous}: cooldown has ${formatDuration(left)} left` } : { units };
};
