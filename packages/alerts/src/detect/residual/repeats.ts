import { learnInto, surpriseIn } from '@auspex/numerics';
import type { ResidualState } from './state.ts';

/** Values in a row that are alike before it says anything. */
const FEWEST = 3;
/** Runs of equal length are usual where a source tells its figure only now and then: a little longer is still no wonder. */
const THINNEST = 0.3;

/** How rare it is that a value comes so often in a row: a source that is stuck repeats itself. Nothing at all may last as long as it likes. */
export function repeatSurprise(state: ResidualState, value: number, memory: number): number {
  if (value !== state.value) {
    if (!Number.isNaN(state.value) && state.value !== 0) learnInto(state.repeats, state.repeated, memory);
    Object.assign(state, { value, repeated: 0 });
    return 0;
  }
  state.repeated++;
  return value === 0 || state.repeated < FEWEST ? 0 : surpriseIn(state.repeats, state.repeated, THINNEST);
}
