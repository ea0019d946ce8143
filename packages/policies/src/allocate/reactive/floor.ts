import type { Need } from '../importance/need.ts';

/** A need raised to what the reactive policy asks for; both reasons stay in the trail. */
export function raiseToFloor(need: Need, floor: Need): Need {
  const reason = floor.reasons[0] as Need['reasons'][number];
  const raised = Math.max(need.units, floor.units);
  const verdict = floor.units > need.units ? `raised from ${need.units} to this floor` : 'below what is foreseen';
  return { ...need, units: raised, reasons: [...need.reasons, { by: reason.by, units: raised, text: `${reason.text}: ${verdict}` }] };
}
