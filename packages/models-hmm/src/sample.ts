import type { Random } from '@auspex/contracts';
import { checkWhole } from './arrays.ts';
import { drawIndex } from './draw.ts';
import { makeTable } from './durations/durations.ts';
import { familyOf } from './emissions/families.ts';
import type { Model } from './model.ts';
import type { Sequence } from './sequence.ts';

/** What a model may give. */
export interface Sample {
  readonly sequence: Sequence;
  /** [T]: the states that gave it. */
  readonly states: Uint16Array;
}

/**
 * Draws `length` steps of a model. The same stream gives the same sample.
 *
 * @throws RangeError when the length is no whole number from 0
 */
export function sample(model: Model, length: number, random: Random): Sample {
  checkWhole('length', length, 0);
  const { states: count, start, transition, emission, durations } = model;
  const family = familyOf(emission);
  const { dimensions } = emission;
  const values = new Float64Array(length * dimensions);
  const states = new Uint16Array(length);
  const table = durations ? makeTable(durations, count) : undefined;
  let state = 0;
  for (let t = 0, left = 0; t < length; t++, left--) {
    if (left === 0) {
      state = t === 0 ? drawIndex(random, start, 0, count) : drawIndex(random, transition, state * count, count);
      left = table ? drawIndex(random, table.probabilities, state * table.longest, table.longest) + 1 : 1;
    }
    states[t] = state;
    family.draw(emission, state, random, values, t * dimensions);
  }
  return { sequence: { values, dimensions }, states };
}
