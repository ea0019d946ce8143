import { formatDuration } from '@auspex/contracts';
import type { Guard } from './guard.ts';

/** Scale-in stabilisation, as the HPA has it: units fall only to the highest proposal of the window. */
export const stabilise: Guard = (units, view, limits) => {
  if (units >= view.previous) return { units };
  let highest = units;
  for (const proposal of view.proposals) {
    if (proposal.step > view.step - limits.stabilisationMs && proposal.units > highest) highest = proposal.units;
  }
  const held = Math.min(highest, view.previous);
  return held === units
    ? { units }
    : { units: held, text: `held at ${held}: up to ${highest} were proposed within ${formatDuration(limits.stabilisationMs)}` };
};
