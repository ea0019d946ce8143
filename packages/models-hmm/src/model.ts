import { checkRows, checkWhole, reorderRows } from './arrays.ts';
import { checkDurations, copyDurations, type Durations, reorderDurations } from './durations/durations.ts';
import type { Emission } from './emissions/emission.ts';
import { familyOf } from './emissions/families.ts';

/**
 * A hidden Markov model with K states. Symbols as in Rabiner (1989), "A tutorial on hidden Markov models and selected applications in speech
 * recognition". Plain data: whoever makes one by hand checks it with `checkModel`.
 */
export interface Model<E extends Emission = Emission> {
  /** K. */
  readonly states: number;
  /** pi, [K]: probabilities of the state at the first observation. */
  readonly start: Float64Array;
  /** A, row-major [K x K]: row = from, column = to. Every row sums to 1. A zero stays a zero under Baum-Welch. */
  readonly transition: Float64Array;
  /** What each state gives out. */
  readonly emission: E;
  /**
   * How long each visit to a state lasts (an explicit-duration, or hidden semi-Markov, model). Absent = as long as the chain's self-transitions make
   * it, geometrically. With it the diagonal of `transition` must be 0: a visit ends in another state.
   */
  readonly durations?: Durations;
}

/**
 * Checks shapes and values and returns the same model.
 *
 * @throws RangeError that names the part: a wrong length, a number that is not finite, a row that does not sum to 1, a variance that is not positive
 */
export function checkModel<E extends Emission>(model: Model<E>): Model<E> {
  const { states, start, transition, emission, durations } = model;
  checkWhole('states', states);
  checkRows('start', start, 1, states);
  checkRows('transition', transition, states, states);
  checkWhole('dimensions', emission.dimensions);
  familyOf(emission).check(emission, states);
  if (durations) {
    checkDurations(durations, states);
    for (let k = 0; k < states; k++)
      if (transition[k * states + k] !== 0) throw new RangeError('with durations the diagonal of transition must be 0');
  }
  return model;
}

/** A copy that shares nothing with the original: Baum-Welch changes its model in place. */
export function copyModel<E extends Emission>(model: Model<E>): Model<E> {
  return {
    states: model.states,
    start: model.start.slice(),
    transition: model.transition.slice(),
    emission: familyOf(model.emission).copy(model.emission),
    ...(model.durations ? { durations: copyDurations(model.durations) } : {}),
  };
}

/** The same model with its states in another order: new state k is old state order[k]. It gives every sequence the same likelihood. */
export function reorderStates<E extends Emission>(model: Model<E>, order: readonly number[]): Model<E> {
  const { states, start, transition, emission, durations } = model;
  if (order.length !== states || new Set(order).size !== states || order.some((k) => !Number.isInteger(k) || k < 0 || k >= states))
    throw new RangeError(`order must hold each of 0 .. ${states - 1} once`);
  return {
    states,
    start: reorderRows(start, 1, order),
    transition: Float64Array.from({ length: states * states }, (_, i) => {
      const from = order[Math.floor(i / states)] as number;
      return transition[from * states + (order[i % states] as number)] as number;
    }),
    emission: familyOf(emission).reorder(emission, order),
    ...(durations ? { durations: reorderDurations(durations, order) } : {}),
  };
}
